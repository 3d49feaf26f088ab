//! The members' tokens: JSON Web Tokens (RFC 7519).

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::hs256;

/// The audience that a token must name.
const AUDIENCE: &str = "chat";

/// The shortest secret, in bytes: as long as the hash (RFC 7518 §3.2).
const MIN_SECRET: usize = 32;

/// The longest name, in characters.
const MAX_NAME: usize = 24;

/// The reason why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Missing,
    /// Not a token, a wrong signature or algorithm, or no name.
    Invalid,
    Expired,
    /// A valid token for another audience.
    Elsewhere,
}

/// Checks tokens.
pub struct Judge {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    name: String,
}

impl Judge {
    /// Accepts tokens signed with this secret, which has at least 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, String> {
        if secret.len() < MIN_SECRET {
            return Err(format!("the secret is too short: {} bytes, not {MIN_SECRET}", secret.len()));
        }
        // An error only means that the provider is already installed.
        hs256::PROVIDER.install_default().ok();
        // The token's header does not choose the algorithm: any other, including "none", is refused.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "aud"]);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_nbf = true;
        Ok(Self { key: DecodingKey::from_secret(secret), validation })
    }

    /// Checks a token and returns the member's name.
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
    /// The HTTP status: 401 asks for another token, 403 refuses for good.
    pub fn status(self) -> u16 {
        if self == Self::Elsewhere { 403 } else { 401 }
    }

    /// The close code for pages, which cannot see an HTTP status: 4000 plus the status. RFC 6455 §7.4.2 reserves 4000 to
    /// 4999 for private use.
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
