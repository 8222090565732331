//! `RetryRpc`: remote calls between clients and tiers of servers.

use protocols::rpc::property::{ASKABLE, Effort, Latency, checker};
use protocols::rpc::{Bank, Both, Counter, Fenced, KeyValue};
use protocols::rpc::{
    BankRequest, Behind, Call, Client, CounterRequest, Fan, FencedRequest, KeyValueRequest, Keys,
    Message, Policy, Rpc, Server, Service, Storage, Terms,
};
use sim_core::kernel::either::{Either, Never};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{FairLoss, Link};
use sim_core::kernel::property::{About as PropertyAbout, Property};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use super::rpc_fields::{idempotency, policy, server, storage};
use crate::format::{About, Choice, Fields, Mark, Messages, Need};
use crate::recipe::{Family, Recipe};

/// All services that come with Stormglass, on every server.
pub type Shipped = Both<Counter, Both<KeyValue, Both<Bank, Fenced>>>;

type Request = <Shipped as Service>::Request;
type Reply = <Shipped as Service>::Reply;

/// What may be called.
const CALLS: [&str; 12] = [
    "Add",
    "Read",
    "Get",
    "Put",
    "CompareAndSet",
    "Update",
    "Deposit",
    "Withdraw",
    "Transfer",
    "Balance",
    "Guarded",
    "Look",
];

const fn counter(request: CounterRequest) -> Request {
    Either::Left(request)
}

const fn key_value(request: KeyValueRequest) -> Request {
    Either::Right(Either::Left(request))
}

const fn bank(request: BankRequest) -> Request {
    Either::Right(Either::Right(Either::Left(request)))
}

const fn fenced(request: FencedRequest) -> Request {
    Either::Right(Either::Right(Either::Right(request)))
}

fn text(f: &mut Fields<'_>, name: &'static str, doc: &'static str) -> Text {
    Text::from(f.text(name, None, doc).as_str())
}

fn call(f: &mut Fields<'_>) -> Request {
    const KEY: &str = "which register";
    const VALUE: &str = "what to put there";
    const ACCOUNT: &str = "which account";
    const AMOUNT: &str = "how much";
    let whole = |f: &mut Fields<'_>, name, doc| f.integer(name, 0..=1 << 62, None, doc);
    if !matches!(f.name(), "Guarded" | "CompareAndSet") {
        f.positional();
    }
    match f.name() {
        "Add" => {
            let by = f.optional_signed(
                "by",
                i32::MIN..=i32::MAX,
                "what to add; 1, if it is not written",
            );
            counter(CounterRequest::Add(by.unwrap_or(1).into()))
        }
        "Get" => key_value(KeyValueRequest::Get(text(f, "key", KEY))),
        "Put" => key_value(KeyValueRequest::Put(
            text(f, "key", KEY),
            text(f, "value", VALUE),
        )),
        "CompareAndSet" => key_value(KeyValueRequest::CompareAndSet {
            key: text(f, "key", KEY),
            version: whole(f, "version", "the version that it must have"),
            value: text(f, "value", VALUE),
        }),
        "Update" => key_value(KeyValueRequest::Update(
            text(f, "key", KEY),
            text(f, "value", VALUE),
        )),
        "Deposit" => bank(BankRequest::Deposit(
            text(f, "account", ACCOUNT),
            whole(f, "amount", AMOUNT),
        )),
        "Withdraw" => bank(BankRequest::Withdraw(
            text(f, "account", ACCOUNT),
            whole(f, "amount", AMOUNT),
        )),
        "Transfer" => bank(BankRequest::Transfer(
            text(f, "from", "the account that pays"),
            text(f, "to", "the account that is paid"),
            whole(f, "amount", AMOUNT),
        )),
        "Balance" => bank(BankRequest::Balance(text(f, "account", ACCOUNT))),
        "Guarded" => fenced(FencedRequest::Guarded {
            value: text(f, "value", "what to write under a lease"),
            term: f.time(
                "term",
                None,
                "how long the lease lasts, on the server's clock",
            ),
            fenced: f.flag(
                "fenced",
                true,
                "the store refuses tokens of overtaken leases",
            ),
        }),
        "Look" => fenced(FencedRequest::Look),
        _ => counter(CounterRequest::Read),
    }
}

/// The same with a value of its own, where a service keeps values.
fn numbered(request: &Request, n: u64) -> Request {
    let next = |value: &Text| Text::from(format!("{} {}", value.as_str(), n + 1).as_str());
    match request.clone() {
        Either::Right(Either::Left(KeyValueRequest::Put(key, value))) => {
            key_value(KeyValueRequest::Put(key, next(&value)))
        }
        Either::Right(Either::Left(KeyValueRequest::Update(key, value))) => {
            key_value(KeyValueRequest::Update(key, next(&value)))
        }
        Either::Right(Either::Right(Either::Right(FencedRequest::Guarded {
            value,
            term,
            fenced: looks,
        }))) => fenced(FencedRequest::Guarded {
            value: next(&value),
            term,
            fenced: looks,
        }),
        other => other,
    }
}

impl Family for Rpc<Shipped> {
    const OPERATIONS: &'static [&'static str] = &["Call"];

    fn read(operation: &mut Fields<'_>) -> Option<Either<Call<Request>, Never>> {
        if operation.name() != "Call" {
            return None;
        }
        operation.positional();
        let request = operation.variant("request", &CALLS, None, "what is called", call);
        let missing = counter(CounterRequest::Read);
        Some(Either::Left(Call(request.unwrap_or(missing))))
    }

    fn again(request: &Self::Request, n: u64) -> Self::Request {
        match request {
            Either::Left(Call(request)) => Either::Left(Call(numbered(request, n))),
            Either::Right(never) => match *never {},
        }
    }

    fn properties() -> Vec<PropertyAbout> {
        ASKABLE.to_vec()
    }

    fn checker(name: &str, overlay: &Overlay) -> Option<Box<dyn Property<Self>>> {
        checker(name, overlay.nodes())
    }

    const MEASURES: &'static [&'static str] = &[
        "calls",
        "attempts",
        "executions",
        "success_ratio",
        "throughput",
        "call_latency",
    ];

    fn observers(asked: &[&str], _: &Overlay, _: Option<Span>) -> Vec<Box<dyn Property<Self>>> {
        let asks = |measures: &[&str]| asked.iter().any(|name| measures.contains(name));
        let effort =
            asks(Effort::MEASURES).then(|| Box::new(Effort::new()) as Box<dyn Property<Self>>);
        let latency = asks(Latency::<Shipped>::MEASURES)
            .then(|| Box::new(Latency::<Shipped>::new()) as Box<dyn Property<Self>>);
        effort.into_iter().chain(latency).collect()
    }
}

/// Its parameters.
#[derive(Clone, Debug)]
pub struct RetryRpc {
    tiers: Vec<u32>,
    policy: Policy,
    between: Policy,
    fan: Fan,
    keys: Option<Keys>,
    storage: Storage,
    server: Terms,
    front: Terms,
}

impl Recipe for RetryRpc {
    const ABOUT: About = About {
        name: "RetryRpc",
        what: "remote calls: timeouts, retries, keys",
        needs: Need::FairLoss,
        messages: Messages::About("2 a call"),
        source: "Birrell, Nelson 1984; RIFL 2015",
        layers: &["Client or Server"],
    };
    const MARKS: &'static [Mark] = &[
        Mark {
            name: "timed_out",
            what: "a caller had no answer to an attempt in time",
        },
        Mark {
            name: "retry_succeeded",
            what: "a call was answered after it had been tried again",
        },
        Mark {
            name: "deadline_passed",
            what: "a caller gave a call up, because its deadline had come",
        },
        Mark {
            name: "hedged",
            what: "a caller asked another server as well",
        },
        Mark {
            name: "retry_budget_empty",
            what: "a caller did not try again, because it had done so too often lately",
        },
        Mark {
            name: "too_many_calls",
            what: "a call was not begun, because too many were under way",
        },
        Mark {
            name: "breaker_opened",
            what: "too many attempts failed, so a caller stops asking a server",
        },
        Mark {
            name: "breaker_refused",
            what: "a call was not sent, because a circuit breaker was open",
        },
        Mark {
            name: "breaker_closed",
            what: "a server answers again, so a caller asks it again",
        },
        Mark {
            name: "conflict",
            what: "another client was faster, so a client begins anew",
        },
        Mark {
            name: "duplicate_suppressed",
            what: "a server knew a call already, and did not carry it out again",
        },
        Mark {
            name: "key_expired",
            what: "a server no longer knew of a call, and said so",
        },
        Mark {
            name: "load_shed",
            what: "a server had too much to do, and refused a call",
        },
        Mark {
            name: "work_too_late",
            what: "a server dropped a call that nobody waited for any more",
        },
        Mark {
            name: "call_cancelled",
            what: "a server dropped a call that another had answered",
        },
        Mark {
            name: "rpc_message_refused",
            what: "a message made no sense to who received it",
        },
    ];
    type Port = Rpc<Shipped>;
    type Message = Message<Request, Reply>;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let doc = "how many servers there are, from node 0 on, tier by tier: clients ask the first tier, each tier the \
                   next one, and the last one carries calls out; all other nodes are clients";
        let tiers = args.counts("tiers", &[1], doc);
        let policy = policy(args, None);
        let doc = "what the tiers in front do when the tier behind does not answer; as clients do, if it is not written";
        let between = args.optional_structure("between", doc, |f| policy_of(f, &policy));
        let fans = [
            Choice {
                name: "One",
                value: Fan::One,
            },
            Choice {
                name: "Parallel",
                value: Fan::Parallel,
            },
            Choice {
                name: "Sequential",
                value: Fan::Sequential,
            },
        ];
        let doc = "how a tier asks the tier behind: one server of it, all at once, or all one after the other";
        let fan = args.choice("fan", &fans, Some(Fan::One), doc);
        let keys = idempotency(args);
        let storage = storage(args);
        let terms = args.structure("server", "how the servers of the last tier work", server);
        let doc = "how the servers of the tiers in front work; as those of the last, if it is not written";
        let front = args.optional_structure("front", doc, server);
        RetryRpc {
            between: between.unwrap_or_else(|| policy.clone()),
            front: front.unwrap_or_else(|| terms.clone()),
            tiers,
            policy,
            fan,
            keys,
            storage,
            server: terms,
        }
    }

    /// Clients do.
    fn takes_requests(&self, node: NodeId) -> bool {
        node.0 >= self.tiers.iter().sum()
    }

    fn layers(
        self,
        node: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Self::Message, FairLoss>> {
        let mut first = 0;
        let tiers: Vec<Vec<NodeId>> = self
            .tiers
            .iter()
            .map(|count| {
                first += count;
                (first - count..first).map(NodeId).collect()
            })
            .collect();
        let Some(place) = tiers.iter().position(|tier| tier.contains(&node)) else {
            return Either::Left(Client::new(self.policy, tiers[0].clone()));
        };
        let server = match tiers.get(place + 1).cloned() {
            None => Server::new(self.server, self.keys, self.storage),
            Some(servers) => {
                let front = Server::new(self.front, self.keys, Storage::Volatile);
                front.in_front_of(Behind {
                    servers,
                    fan: self.fan,
                    policy: self.between,
                })
            }
        };
        let in_front = place.checked_sub(1).map(|place| tiers[place].clone());
        Either::Right(server.behind(in_front.unwrap_or_default()))
    }
}

fn policy_of(f: &mut Fields<'_>, like: &Policy) -> Policy {
    policy(f, Some(like))
}
