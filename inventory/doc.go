// Package inventory queries the integrations of Confluent Cloud, Apono and Egeria with SQL, through
// [database/sql]. It calls the APIs while a statement runs, and stores nothing.
//
//	connector, err := inventory.New(
//		inventory.Confluent("prod", confluentClient, inventory.Environments("env-1", "env-2")),
//		inventory.Apono("main", aponoClient),
//	)
//	db := sql.OpenDB(connector)
//	rows, err := db.QueryContext(ctx, "SELECT * FROM integrations WHERE name = ?1", "warehouse")
//
// The dialect is that of SQLite. [WithWrites] permits INSERT, UPDATE and DELETE. No statement reads
// or writes files: ATTACH accepts only ':memory:'. The file tables.md lists the tables and their
// columns. A statement may have arguments, ?1, ?2 and so on. One that is missing is an error. The
// statement ends at the deadline of its context, and before if a wait for a rate limit would exceed
// the deadline.
//
// # Requests
//
// Filters that the API supports are sent to it. A condition on id becomes a get, and a LIMIT the
// size of a page. Some tables need an environment or the ID of an integration, from WHERE, IN, a
// join, a subselect or the configuration. Without it the statement is [ErrInvalid], and nothing is
// sent. A statement with environments queries all accounts for them, unless it also has the
// account.
//
// A statement keeps up to 16 MiB of rows that it may read again. After a few look-ups in a table it
// reads its list once. A join therefore sends about as many requests as both lists have pages. A
// join on environments or integrations reads them one after the other. With IN (SELECT …) they are
// read concurrently, up to [WithConcurrency].
//
// # Errors
//
// If an environment, server or account can't be read, the statement fails with a [*ScopeError] that
// wraps the error of the vendor's package. With [WithPartial] it becomes a row of inventory_errors
// instead.
package inventory
