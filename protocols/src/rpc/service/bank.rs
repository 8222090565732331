//! Accounts.

use core::fmt;

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::kernel::text::Text;
use sim_core::kernel::time::LocalTime;

use super::Service;

/// Accounts that are never overdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bank;

/// What may be asked of a bank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BankRequest {
    /// Pay so much in.
    Deposit(Text, u64),
    /// Pay so much out.
    Withdraw(Text, u64),
    /// Move so much from the first account to the second.
    Transfer(Text, Text, u64),
    /// How much is there?
    Balance(Text),
}

impl fmt::Display for BankRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deposit(account, amount) => write!(f, "Deposit({account}, {amount})"),
            Self::Withdraw(account, amount) => write!(f, "Withdraw({account}, {amount})"),
            Self::Transfer(from, to, amount) => write!(f, "Transfer({from}, {to}, {amount})"),
            Self::Balance(account) => write!(f, "Balance({account})"),
        }
    }
}

/// What a bank answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BankReply {
    /// So much is there now; after a transfer, in the account that it came from.
    Balance(u64),
    /// There is only so much: nothing was paid.
    NotEnough(u64),
}

impl fmt::Display for BankReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance(amount) => write!(f, "Balance({amount})"),
            Self::NotEnough(amount) => write!(f, "NotEnough({amount})"),
        }
    }
}

impl Service for Bank {
    type Request = BankRequest;
    type Reply = BankReply;
    type State = BTreeMap<Text, u64>;

    fn apply(state: &mut Self::State, request: &BankRequest, _: LocalTime) -> BankReply {
        let held = |state: &Self::State, account| state.get(account).copied().unwrap_or(0);
        let (from, amount, to) = match request {
            BankRequest::Balance(account) => return BankReply::Balance(held(state, account)),
            BankRequest::Deposit(to, amount) => (None, *amount, Some(to)),
            BankRequest::Withdraw(from, amount) => (Some(from), *amount, None),
            BankRequest::Transfer(from, to, amount) => (Some(from), *amount, Some(to)),
        };
        if let Some(from) = from {
            let there = held(state, from);
            let Some(left) = there.checked_sub(amount) else {
                return BankReply::NotEnough(there);
            };
            state.insert(from.clone(), left);
        }
        if let Some(to) = to {
            let there = held(state, to);
            state.insert(to.clone(), there.saturating_add(amount));
        }
        BankReply::Balance(from.or(to).map_or(0, |account| held(state, account)))
    }

    fn reads(request: &BankRequest) -> bool {
        matches!(request, BankRequest::Balance(_))
    }

    fn took_effect(_: &BankRequest, reply: &BankReply) -> bool {
        !matches!(reply, BankReply::NotEnough(_))
    }
}
