//! A sealer after an envelope: the same context, recipients and promises, for sealing it anew.

use super::{Member, Opener, Recipient, Sealer};
use crate::context::EncryptionContext;
use crate::error::{CallerFault, FormatFault, PolicyFault, Result};
use crate::header::{Entry, Header, Quorum, RecipientId, Share, Single};
use crate::suite::Kind;

impl Opener {
    /// A sealer of messages with the context, logical name, floor and recipients of `header`, each recipient under the
    /// current version of its key. Labels belong to a message, so they are not the sealer's; the suite is the default
    /// one. To be made of a header that this opener has opened: before that nothing in it is authenticated.
    ///
    /// # Errors
    /// [`FormatFault::WrongKind`] of anything but a message; [`CallerFault::RecipientNotConfigured`] when a key is not
    /// in the keyring, so that its owner would be shut out; [`PolicyFault::UnknownRecipient`];
    /// [`CallerFault::ContextMissing`] when a pair that is not stored was not given.
    pub async fn sealer_like(&self, header: &Header) -> Result<Sealer> {
        let immutable = header.immutable();
        if immutable.domain.kind != Kind::Message {
            return Err(FormatFault::WrongKind.into());
        }
        let (context, names) = (self.whole_context(header)?, &immutable.external);
        let mut sealer = Sealer::new(self.backend.clone())
            .context(context)
            .external(names.iter().cloned())
            .floor(immutable.floor)
            .suites(self.policy.suites.clone())
            .least_posture(self.policy.posture)
            .max_recipients(self.policy.max_recipients)
            .audit(self.audit.clone());
        if let Some(name) = &immutable.key_name {
            sealer = sealer.key_name(name);
        }
        if self.policy.mixed_passphrase {
            sealer = sealer.allow_mixed_passphrase();
        }
        let recipients = self.recipients_of(header).await?;
        Ok(recipients.into_iter().fold(sealer, Sealer::add))
    }

    /// The pairs that an envelope is bound to: those that it stores, and those that were required here and that it does
    /// not. To be asked of a header that this opener has opened.
    ///
    /// # Errors
    /// [`CallerFault::ContextMissing`] when a pair that is not stored was not given.
    pub fn whole_context(&self, header: &Header) -> Result<EncryptionContext> {
        let immutable = header.immutable();
        let (_, supplied) = self.required.split(&immutable.external);
        if supplied.pairs().len() != immutable.external.len() {
            return Err(CallerFault::ContextMissing.into());
        }
        Ok(immutable.context.union(&supplied).ok_or(FormatFault::Context)?)
    }

    async fn recipients_of(&self, header: &Header) -> Result<Vec<Recipient>> {
        let mut shares = header.shares().iter();
        let mut recipients = Vec::new();
        for entry in header.entries() {
            recipients.push(match entry {
                Entry::Single(single) => Recipient::Single {
                    member: self.member(single, header).await?,
                    level: single.level,
                },
                Entry::Quorum(quorum) => {
                    self.quorum(quorum, shares.next().ok_or(FormatFault::Quorum)?, header)
                        .await?
                }
                Entry::Unknown(_) => return Err(PolicyFault::UnknownRecipient.into()),
            });
        }
        Ok(recipients)
    }

    async fn quorum(&self, quorum: &Quorum, shares: &[Share], header: &Header) -> Result<Recipient> {
        let mut members = Vec::with_capacity(shares.len());
        for share in shares {
            members.push(self.member(&share.recipient, header).await?);
        }
        Ok(Recipient::Quorum {
            threshold: quorum.threshold,
            members,
            level: quorum.level,
        })
    }

    async fn member(&self, single: &Single, header: &Header) -> Result<Member> {
        let dek_id = &header.immutable().dek_id;
        let found = self.keyring.find(&self.backend, single, dek_id);
        let (_, kek) = found.ok_or(CallerFault::RecipientNotConfigured)?;
        let hidden = matches!(single.id, RecipientId::Hint(_));
        self.successor(Member { kek, hidden }).await
    }
}
