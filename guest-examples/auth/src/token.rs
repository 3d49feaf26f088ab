//! The tokens that members show: JSON Web Tokens (RFC 7519).

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::hs256;

/// Whom a token has to be for.
const AUDIENCE: &str = "chat";

/// The shortest secret, in bytes: no shorter than the hash (RFC 7518 §3.2).
const MIN_SECRET: usize = 32;

/// The longest name, in characters.
const MAX_NAME: usize = 24;

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Missing,
    /// Not a token, not signed by us, not signed as it should be, or without a name.
    Invalid,
    Expired,
    /// A good one, but for something else.
    Elsewhere,
}

/// Judges tokens.
pub struct Judge {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    name: String,
}

impl Judge {
    /// Tokens are to be signed with this secret.
    pub fn new(secret: &[u8]) -> Result<Self, String> {
        if secret.len() < MIN_SECRET {
            return Err(format!("the secret is too short: {} bytes, not {MIN_SECRET}", secret.len()));
        }
        // An error means that it is installed already.
        hs256::PROVIDER.install_default().ok();
        // The header of a token does not choose how it is checked: any other algorithm, "none" too, is refused.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "aud"]);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_nbf = true;
        Ok(Self { key: DecodingKey::from_secret(secret), validation })
    }

    /// The name of the member whose token this is.
    pub fn member(&self, token: Option<&str>) -> Result<String, Refusal> {
        let token = token.ok_or(Refusal::Missing)?;
        let claims = decode::<Claims>(token, &self.key, &self.validation).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Refusal::Expired,
            ErrorKind::InvalidAudience => Refusal::Elsewhere,
            _ => Refusal::Invalid,
        })?;
        let name = claims.claims.name;
        let is_name = (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
        if is_name { Ok(name) } else { Err(Refusal::Invalid) }
    }
}

impl Refusal {
    /// For clients that read HTTP: whether to come back with another token (401), or not at all (403).
    pub fn status(self) -> u16 {
        if self == Self::Elsewhere { 403 } else { 401 }
    }

    /// For pages, which can read close codes alone: the same behind a 4 (RFC 6455 §7.4.2 leaves 4000 to 4999 to us).
    pub fn close_code(self) -> u16 {
        4000 + self.status()
    }

    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "token missing",
            Self::Invalid => "token invalid",
            Self::Expired => "token expired",
            Self::Elsewhere => "token not for this chat",
        }
    }
}
