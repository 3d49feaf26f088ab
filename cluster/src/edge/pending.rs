//! The inputs of an edge that do not count yet.

use std::collections::VecDeque;

use crate::message::Input;

/// Inputs with consecutive numbers, the oldest first.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    inputs: VecDeque<Input>,
    bytes: usize,
    /// The number of the last input that counts, which is the one before the first of these.
    handled: u64,
}

impl Pending {
    /// No inputs. The first one follows this number.
    pub(super) fn after(handled: u64) -> Self {
        Self { inputs: VecDeque::new(), bytes: 0, handled }
    }

    /// Returns the number of the input.
    pub(super) fn push(&mut self, input: Input) -> u64 {
        self.bytes += input.payload.len();
        self.inputs.push_back(input);
        self.last()
    }

    pub(super) fn handled(&self) -> u64 {
        self.handled
    }

    pub(super) fn last(&self) -> u64 {
        self.handled + self.inputs.len() as u64
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Forgets the inputs up to this number.
    pub(super) fn acknowledge(&mut self, number: u64) {
        while self.handled < number
            && let Some(input) = self.inputs.pop_front()
        {
            self.bytes -= input.payload.len();
            self.handled += 1;
        }
    }

    /// Takes all inputs out, and goes on behind the last number.
    pub(super) fn take(&mut self) -> Vec<(u64, Input)> {
        let first = self.handled + 1;
        self.handled = self.last();
        self.bytes = 0;
        (first..).zip(std::mem::take(&mut self.inputs)).collect()
    }

    /// The inputs behind one number and up to another.
    pub(super) fn between(&self, after: u64, through: u64) -> Vec<Input> {
        let start = usize::try_from(after.saturating_sub(self.handled)).unwrap_or(usize::MAX);
        let count = usize::try_from(through.saturating_sub(after.max(self.handled))).unwrap_or(usize::MAX);
        self.inputs.iter().skip(start).take(count).cloned().collect()
    }
}
