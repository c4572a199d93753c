//! Work on many messages: how far one commit came, and messages that stand alone.

use crate::change::Change;
use crate::keys::old_changed;
use crate::mark::{Kept, RecordValue};
use crate::{MailboxId, Modseq, Result, Uid};

/// What one commit of a long work did.
pub(crate) struct Step<T> {
    pub(crate) uids: Vec<T>,
    /// The last UID that was looked at, when there may be more to do.
    pub(crate) next: Option<Uid>,
}

impl Change {
    /// Puts a message that stands alone in place of what it was at its last change.
    pub(crate) async fn replace_single(
        &mut self,
        mailbox: MailboxId,
        uid: Uid,
        before: Modseq,
        record: &RecordValue,
    ) -> Result<()> {
        if record.mark.kept == Kept::Here && self.summary(mailbox).await?.old {
            self.operations.delete(old_changed(mailbox, before, uid));
        }
        self.operations.put_single(mailbox, uid, record)
    }
}
