//! One thread's session, opened when it is needed and again after it was lost.

use std::sync::Arc;

use cryptoki::session::Session;

use super::calls::Repeat;
use super::fault::{Fault, Loss};
use super::module::Module;
use super::token::{Place, Token};

/// A place at a token.
pub(super) struct Seat {
    token: Arc<Token>,
    open: Option<Open>,
}

struct Open {
    module: Arc<Module>,
    place: Arc<Place>,
    session: Session,
    generation: u64,
}

/// What a call has at hand.
pub(super) struct At<'a> {
    pub(super) token: &'a Token,
    pub(super) module: &'a Module,
    pub(super) place: &'a Place,
    pub(super) session: &'a Session,
    pub(super) generation: u64,
}

impl Seat {
    pub(super) fn new(token: Arc<Token>) -> Self {
        Self { token, open: None }
    }

    /// Does `work`, and once more after a loss: with a new session, a new login and new handles.
    pub(super) fn run<T>(&mut self, repeat: Repeat, work: &dyn Fn(&At<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let module = self.token.module()?;
        let _turn = module.turn();
        let mut again = true;
        loop {
            let generation = self.token.generation();
            let done = self.once(&module, generation, work);
            let Err(fault) = done else { return done };
            let is_alive = || {
                self.open
                    .as_ref()
                    .is_some_and(|open| open.session.get_session_info().is_ok())
            };
            if fault.loss == Loss::None || fault.loss == Loss::Doubtful && is_alive() {
                return Err(fault);
            }
            self.open = None;
            self.token.lost(generation);
            if !again || fault.loss != Loss::Before && repeat == Repeat::Unsafe {
                return Err(fault);
            }
            again = false;
            // Where it is initialised still, this does nothing.
            module.revive()?;
        }
    }

    fn once<T>(
        &mut self,
        module: &Arc<Module>,
        generation: u64,
        work: &dyn Fn(&At<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        // Of before a loss that another thread has seen.
        if self.open.as_ref().is_some_and(|open| open.generation != generation) {
            self.open = None;
        }
        let open = match &self.open {
            Some(open) => open,
            None => {
                let place = self.token.place(module)?;
                let session = self.token.session(module, &place)?;
                self.open.insert(Open {
                    module: Arc::clone(module),
                    place,
                    session,
                    generation,
                })
            }
        };
        work(&At {
            token: &self.token,
            module: &open.module,
            place: &open.place,
            session: &open.session,
            generation,
        })
    }
}
