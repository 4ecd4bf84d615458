//! The commands of `aris` and their options.

use crate::{audit::Audit, events::Events, projections::Projections};
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::ids::{FeedId, MemberId, RestaurantId, SessionId, TenantId};
use service_kit::telemetry::Format;
use std::path::PathBuf;

/// ArisGourmet: the event-sourced backend that restaurants run on.
#[derive(Debug, Parser)]
#[command(name = "aris", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything on this machine: MySQL, NATS, all services, a demo restaurant
    Up(Up),
    /// Run one service, configured by environment variables
    Serve(Serve),
    /// Create or update the schemas, users and rights in MySQL
    Migrate(Migrate),
    /// Look at the keys that sign tokens, or add a new one
    Keys(Keys),
    /// Make a token that signs requests to a local installation
    Token(Token),
    /// Play a dinner service against a running installation and print latencies
    Demo(Demo),
    /// Watch a screen in this terminal
    Watch(Watch),
    /// Prove that feeds are whole and unchanged, and that read models equal their fold
    Verify(Verify),
    /// Rebuild a read model beside the live one, switch to it, and back
    Projections(Projections),
    /// Look at events that a read model could not apply; try them again, or leave one out
    Parked(Parked),
    /// Erase a person: nobody can read their name and address again, in no event, view or backup
    Forget(Forget),
    /// Look at who did, or tried to do, what: also what no tenant is told, because nobody knows who it was
    Audit(Audit),
    /// Look at MySQL, NATS, schemas, leases and queues, and say what to do
    Doctor(Doctor),
    /// Look at what happened: the last events, one closely, one command through all services
    Events(Events),
    /// Print the OpenAPI document of all services
    Openapi,
}

impl Command {
    /// Whether it is to have only what other processes leave of the processor.
    pub(crate) fn gives_way(&self) -> bool {
        matches!(self, Self::Projections(options) if options.gives_way())
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    /// For people
    #[default]
    Pretty,
    /// One JSON object per line
    Json,
}

impl From<Log> for Format {
    fn from(log: Log) -> Self {
        match log {
            Log::Pretty => Self::Pretty,
            Log::Json => Self::Json,
        }
    }
}

/// Where a local installation keeps its data.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// Folder of the local installation: data, keys, addresses
    #[arg(long, env = "ARIS_LOCAL", default_value = ".local", global = true)]
    pub(crate) local: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Port of the API and the sockets on 127.0.0.1; with --processes the services listen on the five after it
    #[arg(long, env = "ARIS_PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// One process per service, as in production
    #[arg(long)]
    pub(crate) processes: bool,
    /// How log lines look
    #[arg(long, env = "ARIS_LOG", value_enum, default_value_t)]
    pub(crate) log: Log,
}

/// One of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServiceName {
    /// Takes commands
    Command,
    /// Builds and answers read models
    Projection,
    /// Streams events to clients
    Gateway,
    /// Publishes events from the outbox
    Relay,
    /// Logs people in and holds the private keys
    Identity,
    /// All of them in one process
    All,
}

impl ServiceName {
    pub(crate) const EACH: [Self; 5] = [Self::Command, Self::Projection, Self::Gateway, Self::Relay, Self::Identity];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Projection => "projection",
            Self::Gateway => "gateway",
            Self::Relay => "relay",
            Self::Identity => "identity",
            Self::All => "all",
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// The service
    #[arg(value_enum)]
    pub(crate) service: ServiceName,
    /// Address to listen on
    #[arg(long, env = "ARIS_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// How log lines look
    #[arg(long, env = "ARIS_LOG", value_enum, default_value_t)]
    pub(crate) log: Log,
    /// End when standard input ends: for a parent that may die
    #[arg(long, hide = true)]
    pub(crate) until_stdin_ends: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Migrate {
    /// MySQL address of a user who may create schemas and users, such as mysql://root@127.0.0.1:3306; the
    /// members of a group with commas
    #[arg(long, env = "ARIS_ADMIN_URL", hide_env_values = true)]
    pub(crate) admin_url: String,
    /// Name of the schema of the event side
    #[arg(long, default_value = "arisgourmet_events")]
    pub(crate) events_schema: String,
    /// Name of the schema of the read side
    #[arg(long, default_value = "arisgourmet_views")]
    pub(crate) views_schema: String,
    /// Name of the schema of accounts
    #[arg(long, default_value = "arisgourmet_identity")]
    pub(crate) identity_schema: String,
    /// What the names of the users start with
    #[arg(long, default_value = "aris")]
    pub(crate) user_prefix: String,
    /// File with the secret that the password of each user follows from, 32 characters or more; no service needs it
    #[arg(long, env = "ARIS_DATABASE_SECRET_FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// The secret itself; not as an argument, which others on this machine see
    #[arg(long, env = "ARIS_DATABASE_SECRET", hide_env_values = true, hide = true)]
    pub(crate) secret: Option<String>,
    /// Write the addresses into this folder: a file of variables for each service, readable by its owner only
    #[arg(long, value_name = "FOLDER")]
    pub(crate) addresses: Option<PathBuf>,
    /// Give users whose password is another one that of the secret; the one before stays good as well
    #[arg(long)]
    pub(crate) rotate: bool,
    /// End the passwords that --rotate left good, once every service has its new address
    #[arg(long, conflicts_with = "rotate")]
    pub(crate) end_old_passwords: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Keys {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Folder with the private keys; without it that of the local installation
    #[arg(long, env = "ARIS_SIGNING_KEYS_DIR", global = true)]
    pub(crate) keys_dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum KeysAction {
    /// The keys, and what each is good for now
    List,
    /// Add a key that signs in two minutes, and delete those whose tokens have all ended
    Rotate,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) holder: TokenHolder,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TokenHolder {
    /// For somebody who works there
    Staff {
        /// owner, manager, reception, waiter, kitchen, courier, auditor or operator
        #[arg(long)]
        role: String,
        /// The restaurant; without it the role counts in every restaurant of the tenant
        #[arg(long)]
        restaurant: Option<RestaurantId>,
        /// The tenant; without it that of the demo restaurant
        #[arg(long)]
        tenant: Option<TenantId>,
        /// Hours that the token is good for
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=8760))]
        hours: u16,
    },
    /// For a guest at a table
    Guest {
        /// The session at the table
        #[arg(long)]
        session: SessionId,
        /// The restaurant; without it the demo restaurant
        #[arg(long)]
        restaurant: Option<RestaurantId>,
        /// Hours that the token is good for
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=8760))]
        hours: u16,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Orders per second, at the times of a clock: a slow answer does not slow the guests
    #[arg(long, default_value_t = 2.0)]
    pub(crate) rate: f64,
    /// How long guests keep coming
    #[arg(long, default_value_t = 5.0)]
    pub(crate) minutes: f64,
    /// Seconds that a cook takes per dish, about
    #[arg(long, default_value_t = 8.0)]
    pub(crate) cooking: f64,
    /// Guests come and order as in another service with the same number
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// End what others have opened at the tables, too: sessions and their orders; without it such tables are left alone
    #[arg(long)]
    pub(crate) clear_tables: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) place: Place,
    /// What to watch
    #[command(subcommand)]
    pub(crate) screen: Screen,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Screen {
    /// The console of a kitchen station
    Kitchen {
        /// The station
        #[arg(long, default_value = "grill")]
        station: String,
        /// The restaurant; without it the demo restaurant
        #[arg(long)]
        restaurant: Option<RestaurantId>,
        /// Print events as lines instead of a screen
        #[arg(long)]
        plain: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) place: Place,
    /// MySQL address of a reader of the event side; without it the local installation's
    #[arg(long, env = "ARIS_READER_URL", hide_env_values = true)]
    pub(crate) reader_url: Option<String>,
    /// MySQL address of the read side; without it the local installation's
    #[arg(long, env = "ARIS_PROJECTION_URL", hide_env_values = true)]
    pub(crate) projection_url: Option<String>,
    /// Only this restaurant, or this tenant's own feed
    #[arg(long)]
    pub(crate) restaurant: Option<FeedId>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Forget {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The person: the id of a member
    #[arg(required_unless_present_any = ["list", "replay"], conflicts_with_all = ["list", "replay"])]
    pub(crate) person: Option<MemberId>,
    /// Their tenant; without it every tenant that has a key of this person
    #[arg(long, requires = "person")]
    pub(crate) tenant: Option<TenantId>,
    /// Prints who was forgotten, a line for each: tenant, member, time. Keep it where no backup is
    #[arg(long, conflicts_with = "replay")]
    pub(crate) list: bool,
    /// After a backup was restored: forgets anew who was forgotten, by the store and by a file that `--list` has printed
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(crate) replay: Option<Option<PathBuf>>,
    /// MySQL address of the user who appends events; without it the local installation's
    #[arg(long, env = "ARIS_WRITER_URL", hide_env_values = true)]
    pub(crate) writer_url: Option<String>,
    /// MySQL address of the user for keys of people; without it the local installation's
    #[arg(long, env = "ARIS_PERSONAL_URL", hide_env_values = true)]
    pub(crate) personal_url: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Parked {
    #[command(flatten)]
    pub(crate) place: Place,
    /// MySQL address of a reader of the event side; without it the local installation's
    #[arg(long, env = "ARIS_READER_URL", hide_env_values = true, global = true)]
    pub(crate) reader_url: Option<String>,
    /// MySQL address of the read side; without it the local installation's
    #[arg(long, env = "ARIS_PROJECTION_URL", hide_env_values = true, global = true)]
    pub(crate) projection_url: Option<String>,
    #[command(subcommand)]
    pub(crate) action: ParkedAction,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ParkedAction {
    /// The aggregates with parked events
    List,
    /// The parked events of an aggregate, with causes
    Show(ParkedAggregate),
    /// Apply the parked events of an aggregate again, in order
    Retry(ParkedAggregate),
    /// Leave the first parked event of an aggregate out for good; kept with who, when and why
    Skip {
        #[command(flatten)]
        which: ParkedAggregate,
        /// Position of the first parked event
        #[arg(long)]
        position: u64,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who decides
        #[arg(long, env = "USER")]
        by: String,
    },
}

/// An aggregate in a projection.
#[derive(Debug, Clone, Args)]
pub(crate) struct ParkedAggregate {
    /// The projection, such as orders@1
    #[arg(long)]
    pub(crate) projection: String,
    /// The restaurant, or the tenant for its own feed
    #[arg(long)]
    pub(crate) restaurant: FeedId,
    /// The id of the order, session, menu or restaurant
    #[arg(long)]
    pub(crate) aggregate: uuid::Uuid,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) place: Place,
    /// MySQL address of the relay's user; without it the local installation's
    #[arg(long, env = "ARIS_RELAY_URL", hide_env_values = true)]
    pub(crate) relay_url: Option<String>,
    /// MySQL address of the read side; without it the local installation's
    #[arg(long, env = "ARIS_PROJECTION_URL", hide_env_values = true)]
    pub(crate) projection_url: Option<String>,
    /// NATS address; without it the local installation's
    #[arg(long, env = "ARIS_NATS_URL", hide_env_values = true)]
    pub(crate) nats_url: Option<String>,
    /// What subjects and the stream start with
    #[arg(long, env = "ARIS_NATS_PREFIX")]
    pub(crate) nats_prefix: Option<String>,
}
