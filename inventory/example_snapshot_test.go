package inventory_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/inventory"
)

// The differences between two snapshots.
func ExampleSnapshot() {
	srv := aponotest.Start()
	defer srv.Close()
	lake := srv.Add(map[string]any{"name": "lake"})
	client, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token))
	if err != nil {
		log.Fatal(err)
	}
	connector, err := inventory.New(inventory.Apono("main", client))
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	dir, err := os.MkdirTemp("", "inventory")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "inventory.db")

	ctx := context.Background()
	if _, err := inventory.Snapshot(ctx, db, path); err != nil {
		log.Fatal(err)
	}
	srv.SetStatus(lake, "ERROR") // one day later
	if _, err := inventory.Snapshot(ctx, db, path); err != nil {
		log.Fatal(err)
	}

	file, err := sql.Open("sqlite3", path) // the driver of this package
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	var name, column, before, after string
	err = file.QueryRowContext(ctx, "SELECT name, column_name, before, after FROM changed").Scan(&name, &column,
		&before, &after)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s was %s, is %s\n", name, column, before, after)
	// Output:
	// lake: status was ACTIVE, is ERROR
}
