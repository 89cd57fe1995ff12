//! Who is set apart: stations by the inventory, all others by a table of their own.

use chargewarden_admin::control::{Declined, Kind, PlaceRequest, PlacedView, QuarantineRequest};
use chargewarden_engine::{Placed, Standings, Whom};
use chargewarden_evidence::{OwnEvent, Security};
use chargewarden_ocpp::Timestamp;
use chargewarden_policy::Standing;

use super::{Control, Operations, edit, outcome};
use crate::gateway::stamp;

impl Operations {
    pub(super) async fn placed(&self) -> Result<Vec<PlacedView>, Declined> {
        let standings = self.standings().await;
        let mut views: Vec<PlacedView> = standings.list(now()).into_iter().map(view).collect();
        for station in self.entries().await?.into_values() {
            let Some(why) = station.quarantine else { continue };
            let whom = Whom::Station(station.id);
            views.retain(|view| view.whom != whom.to_string());
            let standing = Standing::Quarantined.name().to_owned();
            let (since, until, by) = (None, None, String::new());
            views.push(PlacedView { whom: whom.to_string(), standing, since, until, why, by });
        }
        views.sort_by(|one, other| one.whom.cmp(&other.whom));
        Ok(views)
    }

    pub(super) async fn place_by_hand(&self, by: String, request: PlaceRequest) -> Result<(), Declined> {
        let whom = parse(&request.whom)?;
        let why = edit::reason(&request.reason)?;
        let standing = match Standing::parse(&request.standing) {
            Some(standing @ (Standing::Watched | Standing::Quarantined)) => standing,
            Some(Standing::Normal) | None => {
                let what = format!("`{}` is neither `watched` nor `quarantined`", request.standing);
                return Err(Declined::new(Kind::Invalid, "standing", what));
            }
        };
        if let (Whom::Station(id), Standing::Quarantined) = (&whom, standing) {
            if request.for_s.is_some() {
                let what =
                    "a station's quarantine has no end of its own: people look at the station and release it";
                return Err(Declined::new(Kind::Invalid, "for_s", what));
            }
            return self.quarantine(by, id.clone(), QuarantineRequest { reason: why }).await.map(|_| ());
        }
        self.exists(&whom).await?;
        let standings = self.standings().await;
        let since_ms = now().as_millis();
        let lasts_ms = request.for_s.map(|s| i64::try_from(s.saturating_mul(1000)).unwrap_or(i64::MAX));
        let until_ms = lasts_ms.map(|lasts| since_ms.saturating_add(lasts));
        let detail = format!("{whom} is {} [{by}]: {why}", standing.name());
        // What people say holds, also where a rule said more.
        standings.release(&whom);
        standings.place(whom, Placed { standing, since_ms, until_ms, why, by }, now());
        self.keep(&standings, detail).await
    }

    pub(super) async fn release_by_hand(&self, by: String, whom: &str) -> Result<(), Declined> {
        let whom = parse(whom)?;
        let standings = self.standings().await;
        let released = standings.release(&whom).is_some();
        if let Whom::Station(id) = &whom
            && self.now(id).await?.quarantine.is_some()
        {
            self.set_apart(&by, id, None).await?;
        } else if !released {
            return Err(Declined::new(Kind::Conflict, "whom", format!("{whom} stands as usual")));
        }
        if !released {
            return Ok(());
        }
        self.keep(&standings, format!("{whom} is normal [{by}]")).await
    }

    /// Names of nobody are mistakes.
    async fn exists(&self, whom: &Whom) -> Result<(), Declined> {
        match whom {
            Whom::Station(id) => self.now(id).await.map(|_| ()),
            Whom::Csms(name) => {
                if self.around().csms.contains_key(name) {
                    return Ok(());
                }
                Err(Declined::new(Kind::NotFound, "whom", format!("there is no management system `{name}`")))
            }
            Whom::Source(_) => Ok(()),
        }
    }

    async fn keep(&self, standings: &Standings, detail: String) -> Result<(), Declined> {
        chargewarden_proxy::store_standings(&**self.roster.store(), standings)
            .await
            .map_err(outcome::store)?;
        self.herald.raise(Security { detail, ..Security::own(OwnEvent::StandingChanged) }).await;
        Ok(())
    }
}

fn parse(text: &str) -> Result<Whom, Declined> {
    let invalid = |what: String| Declined::new(Kind::Invalid, "whom", what);
    let whom = Whom::parse(text)
        .ok_or_else(|| invalid(format!("`{text}` is none of `station:ID`, `csms:NAME`, `source:ADDRESS`")))?;
    match whom {
        Whom::Source(address) => match chargewarden_proxy::source_name(&address) {
            Some(name) => Ok(Whom::Source(name)),
            None => Err(invalid(format!("`{address}` is no address"))),
        },
        Whom::Station(_) | Whom::Csms(_) => Ok(whom),
    }
}

fn view((whom, placed): (Whom, Placed)) -> PlacedView {
    let time = |ms: i64| Timestamp::from_millis(ms).to_string();
    PlacedView {
        whom: whom.to_string(),
        standing: placed.standing.name().to_owned(),
        since: Some(time(placed.since_ms)),
        until: placed.until_ms.map(time),
        why: placed.why,
        by: placed.by,
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(stamp().as_millis())
}
