//! Every path that the pages answer to, named once.

pub(crate) const HOME: &str = "/";
pub(crate) const SIGN_IN: &str = "/sign-in";
pub(crate) const SIGN_OUT: &str = "/sign-out";
pub(crate) const PASSWORD: &str = "/password";
pub(crate) const PASSWORD_CHANGED: &str = "/password/changed";
pub(crate) const GUIDES: &str = "/guides";
pub(crate) const GUIDE_ANY: &str = "/guides/any";
/// The guide for E-mail on Android 4.1.2, all on one page; the steps are below it.
pub(crate) const GUIDE_ANDROID: &str = "/guides/email-android-4.1.2/{protocol}";
pub(crate) const GUIDE_ANDROID_STEP: &str = "/guides/email-android-4.1.2/{protocol}/{step}";
/// For other servers: RFC 8461 section 3.3.
pub(crate) const MTA_STS: &str = "/.well-known/mta-sts.txt";
pub(crate) const STATIC: &str = "/static/{name}";

/// The page of the Android guide for one protocol.
pub(crate) fn android(protocol: &str) -> String {
    GUIDE_ANDROID.replace("{protocol}", protocol)
}

/// One step of it.
pub(crate) fn android_step(protocol: &str, step: usize) -> String {
    format!("{}/{step}", android(protocol))
}
