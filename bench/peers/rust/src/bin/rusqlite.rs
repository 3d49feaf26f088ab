//! `rusqlite PORT FOLDER FULL|NORMAL write|read|list KEYS ROOMS`: a store as a server has it without a thought about commits.
//!
//! Each message is a transaction of its own, on one connection with the settings and the table of the host. The connection belongs to
//! the runtime's only thread: a hop to a thread of its own would cost more, and no transaction would begin earlier.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use rusqlite::{Connection, params};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The bytes of a value before the first message.
const VALUE_BYTES: usize = 200;

#[derive(Clone, Copy)]
enum Operation {
    Write,
    Read,
    List,
}

struct Store {
    connection: Connection,
    operation: Operation,
    /// The keys of each room.
    keys: u32,
    /// How many messages each room has had.
    messages: HashMap<u32, u64>,
}

#[tokio::main(flavor = "local")]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [port, folder, sync, operation, keys, rooms] = &arguments[..] else { panic!("six arguments: see the source") };
    let operation = match operation.as_str() {
        "write" => Operation::Write,
        "read" => Operation::Read,
        "list" => Operation::List,
        other => panic!("{other:?} is no operation"),
    };
    let (keys, rooms) = (keys.parse().expect("KEYS is a number"), rooms.parse().expect("ROOMS is a number"));
    let connection = open(Path::new(folder), sync, rooms, keys).expect("the database opens");
    let store = Rc::new(RefCell::new(Store { connection, operation, keys, messages: HashMap::new() }));
    let listener = TcpListener::bind(("127.0.0.1", port.parse().expect("PORT is a number"))).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // The reason why a connection ends does not matter here.
        tokio::task::spawn_local(serve(stream, Rc::clone(&store)));
    }
}

/// Opens the database, and gives a new one its rooms and keys.
fn open(folder: &Path, sync: &str, rooms: u32, keys: u32) -> rusqlite::Result<Connection> {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let mut connection = Connection::open(folder.join("one-each.db"))?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {sync}; PRAGMA wal_autocheckpoint = 16000;
        PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536;
        CREATE TABLE IF NOT EXISTS entries (room INTEGER, key TEXT, value BLOB, PRIMARY KEY (room, key)) STRICT, WITHOUT ROWID;"
    ))?;
    if connection.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0))? == 0 {
        let filling = connection.transaction()?;
        let mut insert = filling.prepare("INSERT INTO entries VALUES (?1, ?2, ?3)")?;
        for (room, key) in (0..rooms).flat_map(|room| (0..keys).map(move |key| (room, key))) {
            insert.execute(params![room, name(key.into()), [b'x'; VALUE_BYTES]])?;
        }
        drop(insert);
        filling.commit()?;
        lengthen_log(&connection)?;
    }
    Ok(connection)
}

/// Gives the log the length that it has after some time. The sync of a file that grows takes much longer.
fn lengthen_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE padding (bytes BLOB); INSERT INTO padding VALUES (zeroblob(62000000)); DROP TABLE padding;",
    )?;
    connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))
}

async fn serve(stream: TcpStream, store: Rc<RefCell<Store>>) -> Result<(), Error> {
    let mut room = 0;
    let note_room = |request: &Request, response: Response| {
        room = request.uri().path().rsplit('/').next().and_then(|room| room.parse().ok()).unwrap_or(0);
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(stream, note_room).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            let answer = store.borrow_mut().answer(room, message).expect("the database works");
            socket.send(answer).await?;
        }
    }
    Ok(())
}

impl Store {
    fn answer(&mut self, room: u32, message: Message) -> rusqlite::Result<Message> {
        let messages = self.messages.entry(room).or_default();
        *messages += 1;
        // A stride that is prime to the number of keys visits all of them.
        let key = name(*messages * 7_919 % u64::from(self.keys));
        match self.operation {
            Operation::Write => {
                let sql = "INSERT INTO entries VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = excluded.value";
                let value = numbered(*messages, &message.into_data());
                self.connection.prepare_cached(sql)?.execute(params![room, key, value])?;
                Ok(Message::Text("kept".into()))
            }
            Operation::Read => {
                let mut statement = self.connection.prepare_cached("SELECT value FROM entries WHERE room = ?1 AND key = ?2")?;
                let value = statement.query_row(params![room, key], |row| row.get::<_, Vec<u8>>(0))?;
                Ok(Message::Binary(value.into()))
            }
            Operation::List => {
                let mut statement =
                    self.connection.prepare_cached("SELECT key, value FROM entries WHERE room = ?1 ORDER BY key")?;
                let rows = statement.query_map(params![room], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
                let all = rows.collect::<Result<Vec<_>, _>>()?;
                Ok(Message::Text(all.len().to_string().into()))
            }
        }
    }
}

/// A message with its number in place of its first bytes. SQLite writes nothing for a value that is there already.
fn numbered(number: u64, message: &[u8]) -> Vec<u8> {
    let mut value = format!("{number:020}").into_bytes();
    value.extend_from_slice(message.get(value.len()..).unwrap_or_default());
    value
}

/// The name of a key, as the host's guest has it.
fn name(key: u64) -> String {
    format!("key {key:012}")
}
