use std::fs;

use super::*;

/// A database and a bucket on this machine, with their secrets in the data folder.
fn shared(data: &Path) -> Storage {
    fs::write(data.join("password"), "s3cret\r\nnot this\n").unwrap();
    fs::write(data.join("key"), "s3cret").unwrap();
    let text = |text: &str| Some(text.to_owned());
    Storage {
        engine: Engine::Postgres,
        bodies: Bodies::S3,
        postgres: Database {
            url: text("postgres://facteur@localhost/mail"),
            password_file: Some("password".into()),
            ..Database::default()
        },
        s3: S3 {
            endpoint: text("http://127.0.0.1:9000"),
            bucket: text("mail"),
            access_key: text("facteur"),
            secret_key_file: Some("key".into()),
            ..S3::default()
        },
    }
}

fn refusal(storage: &Storage, data: &Path) -> String {
    let refused = Chosen::of(storage, data).err().unwrap();
    let message = format!("{refused:#}");
    assert!(!message.contains("s3cret"), "{message}");
    message
}

#[test]
fn secrets_come_from_the_first_line_of_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let Ok(Chosen {
        place: Place::Shared(_, bucket),
        concerns,
        ..
    }) = Chosen::of(&shared(data), data)
    else {
        panic!("another place");
    };
    assert_eq!(bucket.secret_key.expose(), b"s3cret");
    assert_eq!(concerns, [""; 0]);
    assert_eq!(
        secret(None, Some(Path::new("password")), data).unwrap(),
        Some(Password::new("s3cret"))
    );
}

#[test]
fn what_cannot_be_used_is_refused_by_name_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    fs::write(data.join("empty"), "\n").unwrap();
    fs::write(data.join("no.pem"), "nothing like a certificate\n").unwrap();
    let refused = |change: &dyn Fn(&mut Storage)| {
        let mut storage = shared(data);
        change(&mut storage);
        refusal(&storage, data)
    };
    let url = |storage: &mut Storage, url: &str| storage.postgres.url = Some(url.to_owned());
    let told = refused(&|storage| url(storage, "mysql"));
    assert!(told.contains("it looks like postgres://"), "{told}");
    let told = refused(&|storage| url(storage, "postgres://facteur@db.test/mail"));
    assert!(
        told.contains("the database is on another machine"),
        "{told}"
    );
    let told = refused(&|storage| storage.postgres.authority = Some("no.pem".into()));
    assert!(told.contains("certificates for the database"), "{told}");
    let told = refused(&|storage| storage.postgres.password_file = Some("none".into()));
    assert!(
        told.contains("storage.postgres.password_file: can't read"),
        "{told}"
    );
    let told = refused(&|storage| storage.s3.secret_key_file = Some("empty".into()));
    assert!(
        told.contains("storage.s3.secret_key_file: the first line of"),
        "{told}"
    );
    let told = refused(&|storage| storage.s3.endpoint = Some("http://s3.test".into()));
    assert!(
        told.contains("storage.s3: the bucket's service is on another machine"),
        "{told}"
    );
}

#[test]
fn what_is_said_in_the_clear_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut storage = shared(folder.path());
    storage.postgres.url = Some("postgres://facteur@db.test/mail?sslmode=disable".to_owned());
    storage.s3.endpoint = Some("http://s3.test".to_owned());
    storage.s3.in_the_clear = true;
    let chosen = Chosen::of(&storage, folder.path()).unwrap();
    let [database, bucket] = chosen.concerns() else {
        panic!("{:?}", chosen.concerns());
    };
    assert!(database.starts_with("storage.postgres.url: "), "{database}");
    assert!(bucket.starts_with("storage.s3.endpoint: "), "{bucket}");
}
