package inventory_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

// One query over two vendors.
func Example() {
	cloud, access := confluenttest.Start(), aponotest.Start() // in place of the vendors
	defer cloud.Close()
	defer access.Close()
	cloud.Add("env-1", map[string]any{"display_name": "lake", "provider": "azure"})
	access.Add(map[string]any{"name": "lake"})
	access.Add(map[string]any{"name": "warehouse"})

	confluentClient, err := confluent.New(confluent.WithBaseURL(cloud.URL), confluent.WithAPIKey(cloud.APIKey,
		cloud.APISecret))
	if err != nil {
		log.Fatal(err)
	}
	aponoClient, err := apono.New(apono.WithBaseURL(access.URL), apono.WithToken(access.Token))
	if err != nil {
		log.Fatal(err)
	}
	connector, err := inventory.New(
		inventory.Confluent("prod", confluentClient, inventory.Environments("env-1")),
		inventory.Apono("main", aponoClient),
	)
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.QueryContext(context.Background(),
		"SELECT name, group_concat(vendor, ', ') FROM (SELECT * FROM integrations ORDER BY vendor) GROUP BY name")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, vendors string
		if err := rows.Scan(&name, &vendors); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", name, vendors)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// lake: apono, confluent
	// warehouse: apono
}
