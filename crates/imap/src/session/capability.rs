//! What the server can do. RFC 9051 section 6.1.1.
//!
//! Nothing is listed that is not whole. The list hardly changes with sign-in, since some
//! devices look at it once, before.

use super::core::Core;

/// Always there. LIST-EXTENDED is RFC 5258, the rest stands in the crate's own page.
const ALWAYS: &str = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE UIDPLUS UNSELECT MOVE \
                      CHILDREN LIST-EXTENDED SPECIAL-USE OBJECTID";

/// The capabilities at this moment, a space between each.
pub(super) fn capabilities(core: &Core) -> String {
    let mut list = ALWAYS.to_owned();
    if !core.signed_in() {
        if !core.encrypted {
            list.push_str(" STARTTLS");
        }
        list.push_str(if core.must_encrypt() {
            " LOGINDISABLED"
        } else {
            " AUTH=PLAIN"
        });
    }
    list
}
