//! What Locate finds, and in which order.

use kmip_server::store::{Condition, Found, IndexEntry, IndexValue, Lifecycle, Query, Store, TenantId};

use crate::{Database, object, on_both, tenant};

on_both!(
    every_condition_narrows,
    pages_add_up,
    states_follow_the_clock,
    other_tenants_are_not_found,
    hostile_values_are_values,
);

async fn every_condition_narrows(database: Database) {
    let store = database.open().await;
    let acme = filled(&store).await;
    let text = |attribute: &str, value: &str| Condition::Equals(attribute.into(), IndexValue::Text(value.into()));
    let length = |value| Condition::Equals("CryptographicLength".into(), IndexValue::Number(value));
    let cases = [
        (vec![], vec!["o-5", "o-4", "o-3", "o-2", "o-1", "o-0"]),
        (vec![text("Name", "n-3")], vec!["o-3"]),
        (vec![text("Name", "n-")], vec![]),
        (vec![text("ObjectGroup", "even")], vec!["o-4", "o-2", "o-0"]),
        (vec![text("ObjectGroup", "even"), length(2)], vec!["o-2"]),
        (vec![text("ObjectGroup", "even"), text("Name", "n-4")], vec!["o-4"]),
        (
            vec![text("ObjectGroup", "even"), text("ObjectGroup", "all")],
            vec!["o-4", "o-2", "o-0"],
        ),
        (
            vec![Condition::Between("CryptographicLength".into(), 1, 3)],
            vec!["o-3", "o-2", "o-1"],
        ),
        (
            vec![Condition::Between("CryptographicLength".into(), i64::MIN, -1)],
            vec![],
        ),
        (vec![Condition::Has("ObjectGroup".into()), length(5)], vec!["o-5"]),
        (vec![Condition::Has("Link".into())], vec![]),
        (vec![Condition::Kind(2), length(1)], vec!["o-1"]),
        (vec![Condition::Kind(3)], vec![]),
        (vec![Condition::Owner("alice".into()), length(0)], vec!["o-0"]),
        (vec![Condition::Owner("mallory".into())], vec![]),
        // A number is no text.
        (vec![text("CryptographicLength", "1")], vec![]),
    ];
    for (conditions, expected) in cases {
        let found = find(
            &store,
            acme,
            Query {
                conditions: conditions.clone(),
                ..Query::default()
            },
        )
        .await;
        assert_eq!(found.uids, expected, "{conditions:?}");
        assert_eq!(found.total, expected.len() as u64, "{conditions:?}");
    }
}

async fn pages_add_up(database: Database) {
    let store = database.open().await;
    let acme = filled(&store).await;
    let page = |offset, limit| {
        let query = Query {
            limit,
            offset,
            ..Query::default()
        };
        find(&store, acme, query)
    };
    let found = |uids: &[&str]| Found {
        uids: uids.iter().map(ToString::to_string).collect(),
        total: 6,
    };
    assert_eq!(page(0, Some(4)).await, found(&["o-5", "o-4", "o-3", "o-2"]));
    assert_eq!(page(4, Some(4)).await, found(&["o-1", "o-0"]));
    assert_eq!(page(4, None).await, found(&["o-1", "o-0"]));
    assert_eq!(page(6, Some(4)).await, found(&[]));
    assert_eq!(page(9, None).await, found(&[]));
    assert_eq!(page(0, Some(0)).await, found(&[]));
}

async fn states_follow_the_clock(database: Database) {
    let store = database.open().await;
    let acme = tenant(&store).await;
    let lives = [
        Lifecycle {
            state: Some(1),
            activates: Some(100),
            deactivates: Some(200),
        },
        Lifecycle {
            state: Some(1),
            activates: None,
            deactivates: Some(200),
        },
        Lifecycle {
            state: Some(2),
            activates: Some(10),
            deactivates: None,
        },
        Lifecycle {
            state: Some(4),
            activates: Some(10),
            deactivates: Some(20),
        },
        Lifecycle {
            state: None,
            activates: None,
            deactivates: None,
        },
    ];
    let mut transaction = store.begin().await.unwrap();
    for (number, lifecycle) in lives.into_iter().enumerate() {
        let mut one = object(&number.to_string());
        one.lifecycle = lifecycle;
        transaction.insert(acme, &one, &[]).await.unwrap();
    }
    transaction.commit().await.unwrap();

    for at in [0, 99, 100, 199, 200, 1000] {
        for state in 1..=6 {
            let conditions = vec![Condition::State { state, at }];
            let found = find(
                &store,
                acme,
                Query {
                    conditions,
                    ..Query::default()
                },
            )
            .await;
            let expected: Vec<_> = (0..lives.len())
                .rev()
                .filter(|&number| lives[number].state_at(at) == Some(state))
                .map(|number| number.to_string())
                .collect();
            assert_eq!(found.uids, expected, "state {state} at {at}");
        }
    }
    assert_eq!(lives[0].state_at(99), Some(1));
    assert_eq!(lives[0].state_at(100), Some(2));
    assert_eq!(lives[0].state_at(200), Some(3));
    assert_eq!(
        lives[1].state_at(1000),
        Some(1),
        "what never was active is not deactivated"
    );
}

async fn other_tenants_are_not_found(database: Database) {
    let store = database.open().await;
    filled(&store).await;
    let mut transaction = store.begin().await.unwrap();
    let other = transaction.add_tenant("other").await.unwrap();
    transaction.commit().await.unwrap();
    for conditions in [vec![], vec![Condition::Has("Name".into())]] {
        assert_eq!(
            find(
                &store,
                other,
                Query {
                    conditions,
                    ..Query::default()
                }
            )
            .await
            .total,
            0
        );
    }
}

async fn hostile_values_are_values(database: Database) {
    let store = database.open().await;
    let acme = filled(&store).await;
    for hostile in ["' OR 1=1 --", "$1", "%", "_", "n-3'", ""] {
        for attribute in ["Name", hostile] {
            let conditions = vec![Condition::Equals(attribute.into(), IndexValue::Text(hostile.into()))];
            assert_eq!(
                find(
                    &store,
                    acme,
                    Query {
                        conditions,
                        ..Query::default()
                    }
                )
                .await
                .total,
                0,
                "{hostile}"
            );
        }
    }
}

async fn find(store: &Store, tenant: TenantId, query: Query) -> Found {
    store.read().await.unwrap().locate(tenant, &query).await.unwrap()
}

/// Six objects: names n-0 to n-5, lengths 0 to 5, in the group `all` and in `even` or `odd`.
async fn filled(store: &Store) -> TenantId {
    let acme = tenant(store).await;
    let mut transaction = store.begin().await.unwrap();
    for number in 0..6 {
        let group = if number % 2 == 0 { "even" } else { "odd" };
        let entries = [
            IndexEntry::unique("Name", IndexValue::Text(format!("n-{number}"))),
            IndexEntry::new("CryptographicLength", IndexValue::Number(number)),
            IndexEntry::new("ObjectGroup", IndexValue::Text(group.into())),
            IndexEntry::new("ObjectGroup", IndexValue::Text("all".into())),
        ];
        transaction
            .insert(acme, &object(&format!("o-{number}")), &entries)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    acme
}
