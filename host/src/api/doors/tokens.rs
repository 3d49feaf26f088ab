//! The tokens of the TCP door: names, rights and secrets.

use std::fmt;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::api::caller::Right;
use crate::error::Error;
use crate::file;

/// The longest file of tokens, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The shortest token: 16 letters of a random text have 96 bits.
const MIN_LENGTH: usize = 16;
/// The length of a made token, in random bytes.
const RANDOM_BYTES: usize = 24;
const OTHERS: u32 = 0o007;

/// The tokens.
#[derive(Debug)]
pub struct Tokens {
    all: Vec<Token>,
}

/// A token, of which only the hash is kept.
pub struct Token {
    /// Its name.
    pub name: String,
    /// Its right.
    pub right: Right,
    hash: [u8; 32],
}

impl Tokens {
    /// Reads a file with a line `name right token` for each. Empty lines and those that begin with `#` do not count.
    ///
    /// # Errors
    /// The file cannot be read, other users may read it, or it has a mistake. The error names the line, and no token.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |problem: String| Error::ApiTokens { path: path.to_owned(), problem };
        let of_system = |error: std::io::Error| {
            let hint = if error.kind() == ErrorKind::NotFound { ". Check the path" } else { "" };
            failed(format!("{error}{hint}"))
        };
        if path.metadata().map_err(of_system)?.mode() & OTHERS != 0 {
            return Err(failed("every user may use it: `chmod o-rwx` it".to_owned()));
        }
        let text = String::from_utf8(file::read(path, MAX_FILE_BYTES).map_err(of_system)?);
        Self::parse(&text.map_err(|_| failed("it is no text".to_owned()))?).map_err(failed)
    }

    /// Makes one token with all rights. Returns its secret too.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn make() -> Result<(Self, String), Error> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).map_err(|error| Error::System { what: "make a token for the API", source: error.into() })?;
        let secret = BASE64_URL_SAFE_NO_PAD.encode(random);
        let token = Token { name: "admin".to_owned(), right: Right::Admin, hash: hash(&secret) };
        Ok((Self { all: vec![token] }, secret))
    }

    /// The place of the token with this secret, among `all`. The time that it takes tells nothing of the secrets.
    pub fn find(&self, secret: &str) -> Option<usize> {
        let hash = hash(secret);
        let mut found = u64::MAX;
        for (at, token) in (0..).zip(&self.all) {
            found.conditional_assign(&at, token.hash.ct_eq(&hash));
        }
        usize::try_from(found).ok().filter(|at| *at < self.all.len())
    }

    /// All of them.
    pub fn all(&self) -> &[Token] {
        &self.all
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut all: Vec<Token> = Vec::new();
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let token = Token::parse(line).map_err(|problem| format!("line {number}: {problem}"))?;
            if let Some(other) = all.iter().find(|other| other.name == token.name || other.hash == token.hash) {
                return Err(format!("line {number}: {:?} has the name or the token of {:?}", token.name, other.name));
            }
            all.push(token);
        }
        if all.is_empty() {
            Err("it has no token. Write a line such as: dashboard read TOKEN".to_owned())
        } else {
            Ok(Self { all })
        }
    }
}

impl Token {
    /// Whether the other one has the same secret.
    pub fn is_same_secret(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, right, secret] = words[..] else {
            return Err("it is not a name, a right and a token".to_owned());
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.len() > 64 || !name.bytes().all(is_name) {
            return Err("the name must have at most 64 characters: letters, digits, and -_.".to_owned());
        }
        let right = Right::ALL.into_iter().find(|known| known.name() == right);
        let right = right.ok_or("the right must be read, send or admin")?;
        // RFC 6750 §2.1, b64token
        let is_secret = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if secret.len() < MIN_LENGTH || !secret.bytes().all(is_secret) {
            let wants = format!("the token must have at least {MIN_LENGTH} characters: letters, digits, and -._~+/=");
            return Err(format!("{wants}. `openssl rand -hex 24` makes one"));
        }
        Ok(Self { name: name.to_owned(), right, hash: hash(secret) })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.right.name())
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FILE: &str = "# of the team\nalice admin 0123456789abcdef\n\n  prometheus\tread  fedcba9876543210\n";

    #[test]
    fn a_token_is_found_by_its_secret_alone() {
        let tokens = Tokens::parse(FILE).expect("the file is right");
        let found = |secret: &str| tokens.find(secret).map(|at| (tokens.all[at].name.as_str(), tokens.all[at].right));
        assert_eq!(found("0123456789abcdef"), Some(("alice", Right::Admin)));
        assert_eq!(found("fedcba9876543210"), Some(("prometheus", Right::Read)));
        for wrong in ["", "alice", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef "] {
            assert_eq!(found(wrong), None, "{wrong:?}");
        }
        assert_eq!(format!("{tokens:?}"), "Tokens { all: [alice (admin), prometheus (read)] }", "no secret is in it");
    }

    #[test]
    fn a_made_token_has_all_rights_and_another_secret_each_time() {
        let (tokens, secret) = Tokens::make().expect("there are random bytes");
        assert_eq!(tokens.find(&secret).map(|at| tokens.all[at].right), Some(Right::Admin));
        assert!(secret.len() == 32 && Tokens::make().expect("there are more").1 != secret);
    }

    #[test]
    fn a_mistake_in_the_file_is_told_by_its_line_without_the_token() {
        for (text, problem) in [
            ("", "it has no token"),
            ("# none\n", "it has no token"),
            ("\nalice 0123456789abcdef", "line 2: it is not a name, a right and a token"),
            ("alice admin 0123456789abcdef more", "line 1: it is not a name"),
            ("alice write 0123456789abcdef", "line 1: the right must be read, send or admin"),
            ("al/ce admin 0123456789abcdef", "line 1: the name must have at most 64 characters"),
            ("alice admin secret", "line 1: the token must have at least 16 characters"),
            ("alice admin 0123456789abcdef\u{e9}", "line 1: the token must have at least 16 characters"),
            ("a read 0123456789abcdef\na read 0123456789abcdee", "line 2: \"a\" has the name or the token of \"a\""),
            ("a read 0123456789abcdef\nb read 0123456789abcdef", "line 2: \"b\" has the name or the token of \"a\""),
        ] {
            let error = Tokens::parse(text).expect_err("it has a mistake");
            assert!(error.starts_with(problem) && !error.contains("0123456789"), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_file_that_every_user_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("tokens");
        std::fs::write(&path, FILE).expect("the folder takes a file");
        for (mode, is_refused) in [(0o644, true), (0o602, true), (0o640, false), (0o600, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("the mode can be set");
            assert_eq!(Tokens::read(&path).is_err(), is_refused, "{mode:o}");
        }
        let error = Tokens::read(&folder.path().join("missing")).expect_err("it is missing").to_string();
        assert!(error.contains("missing: ") && error.contains("Check the path"), "{error}");
    }
}
