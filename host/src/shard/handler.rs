//! The handlers of an app by name.

/// A call into an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// The start of an instance, before any handler: a guest's own initialisation.
    Launch,
    /// `App::on_start`.
    Start,
    /// `App::on_upgrade`.
    Upgrade,
    /// `App::on_new_client`.
    NewClient,
    /// `App::on_message`.
    Message,
    /// `App::on_client_left`.
    ClientLeft,
    /// `App::on_drain`.
    Drain,
    /// `App::on_line_lost`.
    LineLost,
    /// `App::on_line_back`.
    LineBack,
    /// `App::on_timer`.
    Timer,
    /// `App::on_event`.
    Event,
    /// `App::on_response`.
    Response,
    /// `App::on_body`.
    Body,
    /// `App::on_request`.
    Request,
    /// `App::on_request_drained`.
    RequestDrained,
    /// `App::on_request_gone`.
    RequestGone,
    /// `App::snapshot`.
    Snapshot,
}

impl Handler {
    /// Every handler, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Launch,
        Self::Start,
        Self::Upgrade,
        Self::NewClient,
        Self::Message,
        Self::ClientLeft,
        Self::Drain,
        Self::LineLost,
        Self::LineBack,
        Self::Timer,
        Self::Event,
        Self::Response,
        Self::Body,
        Self::Request,
        Self::RequestDrained,
        Self::RequestGone,
        Self::Snapshot,
    ];

    /// Its name in the contract. The start of an instance is no handler, and has the name `launch`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Start => "on-start",
            Self::Upgrade => "on-upgrade",
            Self::NewClient => "on-new-client",
            Self::Message => "on-message",
            Self::ClientLeft => "on-client-left",
            Self::Drain => "on-drain",
            Self::LineLost => "on-line-lost",
            Self::LineBack => "on-line-back",
            Self::Timer => "on-timer",
            Self::Event => "on-event",
            Self::Response => "on-response",
            Self::Body => "on-body",
            Self::Request => "on-request",
            Self::RequestDrained => "on-request-drained",
            Self::RequestGone => "on-request-gone",
            Self::Snapshot => "snapshot",
        }
    }

    /// Whether only some calls are measured: one is cheap, and each message can cause one.
    pub const fn is_sampled(self) -> bool {
        matches!(self, Self::Message | Self::Drain | Self::Event | Self::Body | Self::RequestDrained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handler_has_its_number() {
        let numbers: Vec<_> = Handler::ALL.map(|handler| handler as usize).into();
        assert_eq!(numbers, (0..Handler::ALL.len()).collect::<Vec<_>>());
    }
}
