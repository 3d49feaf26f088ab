//! The host's side of a session.

use super::control::{Hello, Welcome};
use super::received::Received;
use super::sent::{Limits, Sent};
use super::{Breach, Fresh, Token};

/// The host's side of the session of one client. `T` is a sent message, for instance an encoded frame.
///
/// The session has a line, or waits for the next one. Messages that the client has not confirmed are kept, up to the limits. Beyond
/// them, a session with a line forgets the oldest ones: the line goes on, and a client that lacks one of them later begins anew. A session
/// without a line is over then.
#[derive(Debug, Clone)]
pub struct HostSession<T> {
    sent: Sent<T>,
    received: Received,
    token: Token,
    /// The token before, until the client has shown that it has the other.
    previous: Option<Token>,
    line: Option<u64>,
    /// Whether the client has ever shown that it has a token. Until then nobody can take the session up.
    is_known: bool,
}

/// A session that goes on over another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// The answer to the hello. The messages that the session keeps follow it: [`HostSession::unconfirmed`].
    pub welcome: Welcome,
    /// The line that the session had until now, if it had one: it is to be cut.
    pub cut: Option<u64>,
}

impl<T> HostSession<T> {
    /// A session that begins over this line. `token` is random.
    pub fn begin(line: u64, reason: Fresh, token: Token, limits: Limits) -> (Self, Welcome) {
        let session = Self {
            sent: Sent::new(limits),
            received: Received::default(),
            token,
            previous: None,
            line: Some(line),
            is_known: false,
        };
        (session, Welcome { token, received: 0, fresh: Some(reason) })
    }

    /// Checks whether a client may go on with this hello, and changes nothing. A hello that fails with [`Fresh::TooMuch`] has a right token; one that
    /// fails with [`Fresh::Unknown`] may have a wrong one.
    ///
    /// # Errors
    /// The same as those of [`HostSession::resume`].
    pub fn check(&self, hello: &Hello) -> Result<(), Fresh> {
        self.checked(hello).map(drop)
    }

    /// A client asks to go on over another line. `next` is random.
    ///
    /// # Errors
    /// The client begins anew, for this reason. After [`Fresh::Unknown`] the session is unchanged: somebody has guessed, or the hello was long
    /// on its way. After the others it is over.
    pub fn resume(&mut self, line: u64, hello: &Hello, next: Token) -> Result<Resumed, Fresh> {
        let token = self.checked(hello)?;
        self.sent.confirm(hello.received).map_err(|_| Fresh::Unknown)?;
        // A client that names a token has had its welcome.
        self.is_known = true;
        // A client that does not have the token yet is given the same one again. With another one, of two lines whose hellos come in the
        // wrong order, it could hold one that counts no longer.
        if token == self.token {
            self.previous = Some(token);
            self.token = next;
        }
        let cut = self.line.replace(line);
        Ok(Resumed { welcome: Welcome { token: self.token, received: self.received.tell(), fresh: None }, cut })
    }

    /// The token of a hello with which the client may go on.
    fn checked(&self, hello: &Hello) -> Result<Token, Fresh> {
        let token = hello.token.ok_or(Fresh::New)?;
        // Both are compared, so that the time does not tell which one was closer.
        let (is_current, is_previous) = (token == self.token, self.previous.is_some_and(|previous| token == previous));
        if !is_current && !is_previous {
            return Err(Fresh::Unknown);
        }
        // More than was sent: the client is not the one that this session knows. Less than was confirmed: the hello was long on its way, and
        // the client has received more since, over a later line.
        if !self.sent.has_sent(hello.received) || self.sent.has_confirmed_beyond(hello.received) {
            return Err(Fresh::Unknown);
        }
        if !self.sent.reaches_back_to(hello.received) {
            return Err(Fresh::TooMuch);
        }
        Ok(token)
    }

    /// Keeps a message for the client. Returns whether it also goes out over the line now, behind the earlier ones. Without a line, see
    /// [`HostSession::is_over_limit`].
    pub fn send(&mut self, item: T, bytes: usize) -> bool {
        self.sent.push(item, bytes);
        if self.line.is_some() {
            self.sent.forget_excess();
        }
        self.line.is_some()
    }

    /// The messages that the client has not confirmed, the oldest first. They follow a welcome that resumes.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &T> {
        self.sent.iter()
    }

    /// The bytes of these messages.
    pub fn unconfirmed_bytes(&self) -> usize {
        self.sent.bytes()
    }

    /// Whether more waits for a client without a line than may wait: the session is over, with [`Fresh::TooMuch`].
    pub fn is_over_limit(&self) -> bool {
        self.sent.is_over()
    }

    /// A message of the application has come over this line. Returns false for a line that is not the session's: the message is to be
    /// dropped, since the client sends it again.
    #[must_use]
    pub fn received(&mut self, line: u64, bytes: usize) -> bool {
        let is_ours = self.hears(line);
        if is_ours {
            self.received.count(bytes);
        }
        is_ours
    }

    /// The client has confirmed messages over this line.
    ///
    /// # Errors
    /// The number is higher than that of the last message. The session is over.
    pub fn confirmed(&mut self, line: u64, number: u64) -> Result<(), Breach> {
        if self.hears(line) { self.sent.confirm(number) } else { Ok(()) }
    }

    /// Whether a confirmation of this number tells anything: it confirms a message, or is the first that comes over the line.
    pub fn is_news(&self, number: u64) -> bool {
        !self.is_known || self.previous.is_some() || (self.sent.has_sent(number) && !self.sent.has_confirmed(number))
    }

    /// Whether the client is to be told now what was received.
    pub fn is_confirmation_due(&self) -> bool {
        self.received.is_due()
    }

    /// Whether the client has not been told of all that was received. It is, within a second or two.
    pub fn has_confirmation(&self) -> bool {
        self.received.has_news()
    }

    /// The number of received messages, which the client is told now.
    pub fn confirmation(&mut self) -> u64 {
        self.received.tell()
    }

    /// The line is lost. Returns whether it was the session's, which now waits for the next one.
    pub fn lost(&mut self, line: u64) -> bool {
        let was_ours = self.line == Some(line);
        if was_ours {
            self.line = None;
        }
        was_ours
    }

    /// Whether the client can come back. One that has never shown its token may not have it: its session ends with its line.
    pub fn can_resume(&self) -> bool {
        self.is_known
    }

    /// Its line.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// Anything that comes over the session's line shows that the client has the last token.
    fn hears(&mut self, line: u64) -> bool {
        let is_ours = self.line == Some(line);
        if is_ours {
            self.is_known = true;
            self.previous = None;
        }
        is_ours
    }
}
