package inventory_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

func ExampleWithWrites() {
	srv := confluenttest.Start() // in place of Confluent Cloud
	defer srv.Close()
	client, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		log.Fatal(err)
	}
	connector, err := inventory.New(
		inventory.Confluent("prod", client, inventory.Environments("env-1")),
		inventory.WithWrites(inventory.MaxChanges(2)),
	)
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx := context.Background()

	var id string
	err = db.QueryRowContext(ctx,
		`INSERT INTO confluent.integrations (display_name, config) VALUES (?, ?) RETURNING id`,
		"warehouse",
		`{"kind": "AwsIntegrationConfig", "customer_iam_role_arn": "arn:aws:iam::000000000000:role/reader"}`).Scan(&id)
	if err != nil {
		log.Fatal(err)
	}

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "DELETE FROM confluent.integrations WHERE environment = 'env-1' AND id = ?",
		id); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(); err != nil { // sends the DELETE
		if failed, ok := errors.AsType[*inventory.ChangeError](err); ok && failed.OutcomeUnknown {
			log.Print("look before you repeat it")
		}
		log.Fatal(err)
	}

	rows, err := db.QueryContext(ctx, "SELECT action, outcome FROM inventory_changes")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var action, outcome string
		if err := rows.Scan(&action, &outcome); err != nil {
			log.Fatal(err)
		}
		fmt.Println(action, outcome)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// insert done
	// delete done
}
