//! What a commit promises.

use std::time::Duration;

use kmip_server::store::{IndexEntry, IndexValue, Store, StoreError, TenantId, TenantKey};

use crate::{Database, object, on_both, tenant};

on_both!(
    a_committed_object_outlives_the_store,
    a_dropped_transaction_leaves_nothing,
    the_second_of_two_changes_conflicts,
    names_are_unique_within_a_tenant,
    many_writers_lose_nothing,
    a_cancelled_writer_harms_no_other,
    keys_of_tenants_are_replaced_by_version,
    nothing_is_left_of_a_removed_object,
);

async fn a_committed_object_outlives_the_store(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    add(&store, acme, "one").await.unwrap();
    store.close().await;

    let store = database.open().await;
    let mut reading = store.read().await.unwrap();
    assert_eq!(reading.tenant("acme").await.unwrap(), Some(acme));
    assert_eq!(reading.object(acme, "one").await.unwrap(), Some(object("one")));
    assert_eq!(reading.object(acme, "two").await.unwrap(), None);
}

async fn a_dropped_transaction_leaves_nothing(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(acme, &object("one"), &[named("n")]).await.unwrap();
    assert!(
        transaction.object(acme, "one").await.unwrap().is_some(),
        "its own writes are seen"
    );
    drop(transaction);

    assert_eq!(store.read().await.unwrap().object(acme, "one").await.unwrap(), None);
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(acme, &object("one"), &[named("n")]).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn the_second_of_two_changes_conflicts(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    add(&store, acme, "one").await.unwrap();
    let seen = store.read().await.unwrap().object(acme, "one").await.unwrap().unwrap();

    let mut first = store.begin().await.unwrap();
    first.update(acme, &seen, &[]).await.unwrap();
    first.commit().await.unwrap();
    let mut second = store.begin().await.unwrap();
    assert!(matches!(
        second.update(acme, &seen, &[]).await,
        Err(StoreError::Conflict)
    ));
    drop(second);

    let now = store.read().await.unwrap().object(acme, "one").await.unwrap().unwrap();
    assert_eq!(now.revision, 2);
}

async fn names_are_unique_within_a_tenant(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    let mut transaction = store.begin().await.unwrap();
    let other = transaction.add_tenant("other").await.unwrap();
    transaction.insert(acme, &object("one"), &[named("n")]).await.unwrap();
    transaction.insert(other, &object("one"), &[named("n")]).await.unwrap();
    transaction.commit().await.unwrap();

    let mut transaction = store.begin().await.unwrap();
    let refused = transaction.insert(acme, &object("two"), &[named("n")]).await;
    assert!(matches!(refused, Err(StoreError::Claimed)), "{refused:?}");
    drop(transaction);
    assert!(matches!(add(&store, acme, "one").await, Err(StoreError::Exists)));

    // A name that was given up is free.
    let mut transaction = store.begin().await.unwrap();
    transaction.update(acme, &object("one"), &[]).await.unwrap();
    transaction.insert(acme, &object("two"), &[named("n")]).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn many_writers_lose_nothing(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    let writers = (0..40).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { add(&store, acme, &format!("o-{number}")).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap().unwrap();
    }
    let mut reading = store.read().await.unwrap();
    for number in 0..40 {
        let found = reading.object(acme, &format!("o-{number}")).await.unwrap();
        assert!(found.is_some(), "o-{number}");
    }
}

async fn a_cancelled_writer_harms_no_other(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    // Each is cut off a little later than the one before, so that the cuts fall on every step.
    for number in 0..60_u32 {
        let cut = tokio::time::timeout(Duration::from_micros(u64::from(number) * 40), async {
            add(&store, acme, &format!("cut-{number}")).await
        });
        let kept = async { add(&store, acme, &format!("kept-{number}")).await };
        let (_, kept) = tokio::join!(cut, kept);
        // It may share the fate of a group that was cut off: then it is told, and tries again.
        if kept.is_err() {
            add(&store, acme, &format!("kept-{number}")).await.unwrap();
        }
    }
    let mut reading = store.read().await.unwrap();
    for number in 0..60 {
        let found = reading.object(acme, &format!("kept-{number}")).await.unwrap();
        assert!(found.is_some(), "kept-{number}");
    }
}

async fn keys_of_tenants_are_replaced_by_version(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    let key = |version, envelope: &[u8]| TenantKey {
        version,
        envelope: envelope.to_vec(),
    };
    let mut transaction = store.begin().await.unwrap();
    for key in [key(1, b"first"), key(2, b"second"), key(1, b"rewrapped")] {
        transaction.put_tenant_key(acme, &key).await.unwrap();
    }
    assert!(matches!(transaction.add_tenant("acme").await, Err(StoreError::Exists)));
    drop(transaction);
    let mut transaction = store.begin().await.unwrap();
    for key in [key(1, b"first"), key(2, b"second"), key(1, b"rewrapped")] {
        transaction.put_tenant_key(acme, &key).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let keys = store.read().await.unwrap().tenant_keys(acme).await.unwrap();
    assert_eq!(keys, [key(2, b"second"), key(1, b"rewrapped")]);
}

async fn nothing_is_left_of_a_removed_object(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    let canary = b"sealed material that must go";
    let mut kept = object("one");
    kept.material = Some(canary.to_vec());
    let mut transaction = store.begin().await.unwrap();
    transaction.insert(acme, &kept, &[named("n")]).await.unwrap();
    transaction.commit().await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction.remove(acme, "one").await.unwrap();
    assert!(matches!(
        transaction.remove(acme, "one").await,
        Err(StoreError::NotFound)
    ));
    transaction.commit().await.unwrap();
    store.scrub().await.unwrap();

    assert_eq!(store.read().await.unwrap().object(acme, "one").await.unwrap(), None);
    // PostgreSQL keeps old rows until it vacuums, and its log until it recycles it: what stands there is sealed.
    for file in database.files() {
        let bytes = std::fs::read(file).unwrap_or_default();
        assert!(!bytes.windows(canary.len()).any(|window| window == canary));
    }
}

async fn add(store: &Store, tenant: TenantId, uid: &str) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    transaction.insert(tenant, &object(uid), &[]).await?;
    transaction.commit().await
}

fn named(name: &str) -> IndexEntry {
    IndexEntry::unique("Name", IndexValue::Text(name.into()))
}
