//! `AuthenticatedEcho`, `SignedEcho` and `Bracha`: multicasts that traitors cannot divide.

use protocols::multicast::{
    Amplification, AuthenticatedEcho as Echo, ByzantineReliable, Consistent, DoubleEcho,
    DoubleEchoMessage, EchoMessage, Multicast, Quorums, SignedEcho as Signing, SignedEchoMessage,
};
use protocols::signature::{Scheme, Signatures};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::port::{Authentic, Link};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::text::Text;

use crate::format::{About, Choice, Cost, Fields, Mark, Messages, Need, Resilience};
use crate::recipe::Recipe;

const NOT_FROM_ITS_ORIGIN: Mark = Mark {
    name: "not_from_its_origin",
    what: "a process spoke of a message as only its caster may",
};
const NO_SUCH_ORIGIN: Mark = Mark {
    name: "no_such_origin",
    what: "a message was said to come from a process that does not exist",
};

/// The dealer's secret: who runs a scenario may know it, for nobody who acts in one computes.
const SECRET: [u8; 32] = *b"a secret of the dealer, not kept";

fn quorums(args: &mut Fields<'_>) -> Quorums {
    let mut few = |name, least, doc| {
        let value = args.optional_integer(name, least..=1_000_000, doc)?;
        u32::try_from(value).ok()
    };
    let f = few(
        "f",
        0,
        "how many traitors it is to bear; by default the most with n > 3*f",
    );
    let quorum = few(
        "quorum",
        1,
        "how many must say the same; by default more than (n+f)/2",
    );
    Quorums::new(f, quorum)
}

fn bears(quorums: &Quorums, nodes: u32) -> Option<Resilience> {
    let (faulty, rule) = (quorums.bears(nodes), "n > 3f");
    Some(Resilience { faulty, rule })
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct AuthenticatedEcho {
    quorums: Quorums,
}

impl Recipe for AuthenticatedEcho {
    const ABOUT: About = About {
        name: "AuthenticatedEcho",
        what: "deliver what a quorum says it has heard",
        needs: Need::Authenticated,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "n*n-1",
            with_self: "n*n+n",
            steps: "2",
            kinds: &[],
        }]),
        source: "CGR 3.16",
        layers: &["AuthenticatedEcho"],
    };
    const MARKS: &'static [Mark] = &[NOT_FROM_ITS_ORIGIN, NO_SUCH_ORIGIN];
    type Port = Multicast<Text, Consistent>;
    type Message = EchoMessage<Text>;
    type Links = Authentic;

    fn read(args: &mut Fields<'_>) -> Self {
        AuthenticatedEcho {
            quorums: quorums(args),
        }
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        bears(&self.quorums, nodes)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<EchoMessage<Text>, Authentic>> {
        Echo::new(self.quorums)
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct SignedEcho {
    quorums: Quorums,
    scheme: Scheme,
}

impl Recipe for SignedEcho {
    const ABOUT: About = About {
        name: "SignedEcho",
        what: "the caster collects a quorum of signatures, and shows them",
        needs: Need::Authenticated,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "3*(n-1)",
            with_self: "3*n",
            steps: "3",
            kinds: &[],
        }]),
        source: "CGR 3.17",
        layers: &["SignedEcho"],
    };
    const MARKS: &'static [Mark] = &[
        NOT_FROM_ITS_ORIGIN,
        Mark {
            name: "signature_refused",
            what: "a signature was not valid, or too few of those shown were",
        },
    ];
    type Port = Multicast<Text, Consistent>;
    type Message = SignedEchoMessage<Text>;
    type Links = Authentic;

    fn read(args: &mut Fields<'_>) -> Self {
        let quorums = quorums(args);
        let schemes = [
            Choice {
                name: "Symbolic",
                value: Scheme::Symbolic,
            },
            Choice {
                name: "Ed25519",
                value: Scheme::Ed25519,
            },
        ];
        let doc = "a code that only its signer makes here, which is fast; or real signatures";
        SignedEcho {
            quorums,
            scheme: args.choice("signatures", &schemes, Some(Scheme::Symbolic), doc),
        }
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        bears(&self.quorums, nodes)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<SignedEchoMessage<Text>, Authentic>> {
        Signing::new(self.quorums, Signatures::dealt(self.scheme, SECRET))
    }
}

/// Its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Bracha {
    quorums: Quorums,
    amplification: Amplification,
}

impl Recipe for Bracha {
    const ABOUT: About = About {
        name: "Bracha",
        what: "deliver what a quorum says that a quorum has heard",
        needs: Need::Authenticated,
        messages: Messages::Exactly(&[Cost {
            form: "",
            net: "(n-1)*(2*n+1)",
            with_self: "2*n*n+n",
            // Three bear no traitor: each is ready after one step, and goes by a single other that is ready.
            steps: "min(3, n-1)",
            kinds: &[],
        }]),
        source: "CGR 3.18; Bracha 1987",
        layers: &["DoubleEcho"],
    };
    const MARKS: &'static [Mark] = &[
        NOT_FROM_ITS_ORIGIN,
        NO_SUCH_ORIGIN,
        Mark {
            name: "ready_amplified",
            what: "a process was ready because more than f others were, without a quorum of echoes",
        },
    ];
    type Port = Multicast<Text, ByzantineReliable>;
    type Message = DoubleEchoMessage<Text>;
    type Links = Authentic;

    fn read(args: &mut Fields<'_>) -> Self {
        let quorums = quorums(args);
        let amplify = args.flag(
            "amplify",
            true,
            "be ready when more than f others are, whatever was echoed",
        );
        Bracha {
            quorums,
            amplification: if amplify {
                Amplification::On
            } else {
                Amplification::Off
            },
        }
    }

    fn bears(&self, nodes: u32) -> Option<Resilience> {
        bears(&self.quorums, nodes)
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<DoubleEchoMessage<Text>, Authentic>> {
        DoubleEcho::new(self.quorums, self.amplification)
    }
}
