//! A setting that is never shown.

use std::fmt;

use address::Password;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Value;

/// What stands in its place, wherever settings are printed.
const STARS: &str = "***";

/// A secret that stands in the configuration or in the environment. It is printed as
/// stars; so settings that are written down again lose it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) Password);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(STARS)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A value of another type is not repeated, as is the custom: it may be the secret.
        match Value::deserialize(deserializer)? {
            Value::String(text) if !text.is_empty() => Ok(Self(Password::new(text))),
            _ => Err(D::Error::custom("a secret is text between quotes")),
        }
    }
}
