//! The ledger: who has already caused which effects, where, and when they will act.
//!
//! One ledger serves all sessions. A message that policies let pass asks for a place under every limit that counts it
//! ([`Ledger::claim`]); either it gets all of them or none, so two messages cannot both take the last one. A command
//! that the station turned down gives its places back ([`Ledger::settle`]).

//!
//! What was done is a [`deed`]; limits of one shape share a [`book`], which has a window for each instance of their scope, by
//! the time of sending ([`sent`]) or of effect ([`acting`]). Deeds are stored with the evidence ([`Ledger::unstored`]) and
//! books are made from them, after a restart as after a change of the limits.

mod act;
mod acting;
mod book;
mod books;
mod claim;
mod clock;
mod deed;
mod enough;
mod figures;
mod fleet;
mod held;
mod names;
mod numbers;
mod reservations;
mod secrets;
mod sent;
mod sites;
mod tokens;
mod users;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chargewarden_ocpp::{Side, Timestamp};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{About, Doubt, Doubts};

use books::Books;
pub use books::Stored;
pub use claim::{Claim, Excess, Outcome, Places, PowerChange};
pub use figures::{Budget, Figures};
pub use fleet::Member;
use held::Held;
use sites::Sites;
use users::Users;

use crate::effects::{MessageKind, PasswordWrite, password_write};
use crate::facts::{Commitment, Heard, Holdings};

/// Counts of effects, for every limit of every party.
#[derive(Debug, Default)]
pub struct Ledger {
    books: Mutex<Books>,
    /// Made from the states of stations, and asked of few commands.
    held: Mutex<Held>,
    /// Asked when a token is presented and when a session begins or ends.
    users: Users,
    /// Made from the states of stations, too.
    sites: Mutex<Sites>,
}

/// A ledger of its own with the same counts, for simulations that go on in several ways from one moment.
impl Clone for Ledger {
    fn clone(&self) -> Self {
        Self {
            books: Mutex::new(self.lock().clone()),
            held: Mutex::new(self.held().clone()),
            users: self.users.clone(),
            sites: Mutex::new(self.sites().clone()),
        }
    }
}

impl Ledger {
    /// Takes a place under every limit that counts the message, or none.
    ///
    /// # Errors
    /// The limits that it would exceed.
    pub fn claim(&self, claim: &Claim<'_>) -> Result<Places, Vec<Excess>> {
        // Most messages are counted by nobody, and are not to wait for those that are.
        let counted = |bundle: &std::sync::Arc<chargewarden_policy::Bundle>| {
            claim.effects.iter().any(|effect| bundle.limits_effect(effect.kind()))
        };
        if !claim.policies.bundles().iter().any(counted) {
            return Ok(Places::default());
        }
        self.lock().claim(claim).map(|id| Places { id })
    }

    /// Says what became of a message that has places. Without a word from the station they are kept.
    pub fn settle(&self, places: Places, outcome: Outcome, now: Timestamp) {
        if let Some(id) = places.id {
            self.lock().settle(id, outcome, now);
        }
    }

    /// These are the stations there are: the base of limits in percent. Until it is called, it is those that were seen.
    pub fn set_fleet(&self, members: &[Member]) {
        self.held().set_fleet(members);
        self.lock().set_fleet(members);
    }

    /// Takes in what [`Ledger::unstored`] gave before a restart, before anything else is done. Returns how many deeds could not
    /// be read: what they count is forgotten.
    pub fn restore(&self, deeds: impl IntoIterator<Item = (u64, String)>) -> usize {
        let mut books = self.lock();
        deeds.into_iter().filter(|(id, deed)| !books.restore(*id, deed)).count()
    }

    /// What has changed since the last call. It is to be stored no later than the record of any message that was claimed
    /// before: then a restart forgets no message that was delivered.
    pub fn unstored(&self) -> Vec<Stored> {
        self.lock().unstored()
    }

    /// What it has done, and how much it holds.
    pub fn figures(&self) -> Figures {
        self.lock().figures()
    }

    /// How much is used of each limit in force, where anything is.
    pub fn budgets(&self, now: Timestamp) -> Vec<Budget> {
        self.lock().budgets(now)
    }

    /// Notes what a station draws now, in W. What a fleet draws is the base of limits in percent of power.
    pub fn measured(&self, about: &About, power_w: i64, now: Timestamp) {
        self.lock().measured(about, power_w, now);
    }

    /// Notes what a station holds, as far as it bears on others: when its session begins, and when that changes.
    pub(crate) fn holds(&self, about: &About, holdings: &Holdings, now: Timestamp) {
        self.held().holds(about, holdings, now);
    }

    /// Notes what a station may draw by its profiles: when its session begins, when that changes, and when a command that
    /// asked for more is not delivered.
    pub(crate) fn commits(&self, about: &About, commitment: Option<Commitment>) {
        self.sites().commits(about, commitment);
    }

    /// Whether the site can carry what a command would allow a station to draw; if so, it counts until the station commits.
    pub(crate) fn asks(
        &self,
        about: &About,
        (before, after): &(Option<Commitment>, Commitment),
        now: Timestamp,
    ) -> bool {
        self.sites().asks(about, before.as_ref(), after, now.as_millis())
    }

    /// What is odd about a message in the light of what others did.
    pub(crate) fn doubts(&self, heard: &Heard<'_>) -> Doubts {
        let mut doubts = self.users.doubts(heard);
        if heard.message.from == Side::Csms && heard.message.kind == MessageKind::Call {
            self.doubt_holding(heard, &mut doubts);
        }
        doubts
    }

    /// What a command would have a station hold, beside what others hold.
    fn doubt_holding(&self, heard: &Heard<'_>, out: &mut Doubts) {
        let (about, now_ms) = (heard.about, heard.message.now.as_millis());
        for effect in heard.effects {
            let Effect::Reserve(reserve) = effect else { continue };
            let token = reserve.token.as_ref().map(|token| heard.token(token.expose()));
            let held = self.held();
            let elsewhere =
                token.is_some_and(|token| held.reservations.is_elsewhere(token, &about.station, now_ms));
            out.add_if(elsewhere, Doubt::TokenReservesOther);
            let fills = held.reservations.fills_site(about, reserve, now_ms);
            out.add_if(fills, Doubt::SiteReserved);
        }
        if let PasswordWrite::One(password) =
            password_write(heard.message.action, heard.message.payload, heard.effects)
        {
            let password = heard.secret(password.expose());
            out.add_if(self.held().secrets.is_elsewhere(password, &about.station), Doubt::SecretShared);
        }
    }

    /// Takes in a message that was delivered.
    pub(crate) fn learn(&self, heard: &Heard<'_>) {
        self.users.learn(heard);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sites(&self) -> MutexGuard<'_, Sites> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        // No operation leaves the books half-written.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
