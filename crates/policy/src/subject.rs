//! Who a decision is about, with what Cedar has to know of them.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid};
use chargewarden_ocpp::Side;

use crate::bundle::Bundle;
use crate::context;
use crate::decide::Policies;
use crate::party::PartyId;
use crate::ruling::Opinion;
use crate::slice::entity_type;
use crate::station::{CsmsFacts, Envelope, StationFacts};

/// A station and its management system, as policies know them.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// Id of the station.
    pub station: String,
    /// Parties with a stake in the station.
    pub parties: Vec<PartyId>,
    /// Site of the station.
    pub site: Option<String>,
    /// Groups of the station.
    pub groups: Vec<String>,
    /// Control area (feeder, region) of the station.
    pub area: Option<String>,
    /// Facts of the station.
    pub facts: StationFacts,
    /// Id of the management system.
    pub csms: String,
    /// Party that runs the management system.
    pub csms_party: PartyId,
    /// Facts of the management system.
    pub csms_facts: CsmsFacts,
    /// What station and site can carry.
    pub envelope: Envelope,
}

/// What [`Policies`] decide about: made once when a session begins, and again when a fact changes.
///
/// It remembers what depends on nothing else. Most of it is made only when a policy asks for it.
#[derive(Debug)]
pub struct Subject {
    about: About,
    views: Vec<View>,
}

impl Subject {
    /// A subject for these policies. With others it is decided correctly, but slowly.
    pub fn new(about: About, policies: &Policies) -> Self {
        let views = policies.bundles().iter().map(View::new).collect();
        Self { about, views }
    }

    /// Who it is about.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whether it was made for these policies.
    pub fn is_for(&self, policies: &Policies) -> bool {
        let bundles = policies.bundles();
        self.views.len() == bundles.len()
            && self.views.iter().zip(bundles).all(|(view, bundle)| Arc::ptr_eq(&view.bundle, bundle))
    }

    pub(crate) fn views(&self) -> &[View] {
        &self.views
    }
}

/// A subject as one bundle sees it.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) bundle: Arc<Bundle>,
    /// Made when the first policy asks who is involved.
    scene: OnceLock<Option<Scene>>,
    /// Opinions that depend on the subject alone.
    memory: Box<[OnceLock<Opinion>]>,
}

impl View {
    fn new(bundle: &Arc<Bundle>) -> Self {
        let memory = (0..bundle.memory()).map(|_| OnceLock::new()).collect();
        Self { bundle: Arc::clone(bundle), scene: OnceLock::new(), memory }
    }

    /// The entities of the subject; nothing where Cedar does not take them.
    pub(crate) fn scene(&self, about: &About) -> Option<&Scene> {
        self.scene.get_or_init(|| Scene::build(about, &self.bundle)).as_ref()
    }

    pub(crate) fn remember(&self, place: usize, find: impl FnOnce() -> Opinion) -> Option<&Opinion> {
        self.memory.get(place).map(|memory| memory.get_or_init(find))
    }
}

/// Who is involved, in Cedar's terms.
#[derive(Debug)]
pub(crate) struct Scene {
    station: EntityUid,
    csms: EntityUid,
    pub(crate) entities: Entities,
}

impl Scene {
    fn build(about: &About, bundle: &Bundle) -> Option<Self> {
        let parties = about.parties.iter().map(|party| uid("Party", party.as_str()));
        let groups = about.groups.iter().map(|group| uid("Group", group));
        let site = about.site.iter().map(|site| uid("Site", site));
        let area = about.area.iter().map(|area| uid("Area", area));
        let above: HashSet<EntityUid> = parties.chain(groups).chain(site).chain(area).collect();

        let mut attributes = HashMap::with_capacity(StationFacts::ATTRIBUTES.len());
        about.facts.attributes(&mut |name, value| {
            if let Some(value) = context::expression(value) {
                attributes.insert(name.to_owned(), value);
            }
        });
        let mut of_csms = HashMap::with_capacity(CsmsFacts::ATTRIBUTES.len());
        about.csms_facts.attributes(&mut |name, value| {
            if let Some(value) = context::expression(value) {
                of_csms.insert(name.to_owned(), value);
            }
        });
        let station = uid(entity_type(Side::Station), &about.station);
        let csms = uid(entity_type(Side::Csms), &about.csms);
        let owner: HashSet<EntityUid> = HashSet::from([uid("Party", about.csms_party.as_str())]);
        let entities = [
            Entity::new(station.clone(), attributes, above).ok()?,
            Entity::new(csms.clone(), of_csms, owner).ok()?,
        ];
        let entities = bundle.lists_in_cedar().clone().add_entities(entities, None).ok()?;
        Some(Self { station, csms, entities })
    }

    pub(crate) fn uid(&self, side: Side) -> &EntityUid {
        match side {
            Side::Station => &self.station,
            Side::Csms => &self.csms,
        }
    }
}

/// An entity's name. The type is one of ours, the id can be any text.
#[expect(clippy::expect_used, reason = "the type names are constants of the schema")]
pub(crate) fn uid(ty: &str, id: &str) -> EntityUid {
    let ty = EntityTypeName::from_str(ty).expect("a type name of the schema");
    EntityUid::from_type_name_and_id(ty, EntityId::new(id))
}
