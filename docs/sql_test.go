package docs_test

import (
	"database/sql"
	"fmt"
	"log"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/inventory"
)

func Example_sql() {
	confluentClient, confluentServer := startConfluent()
	defer confluentServer.Close()
	aponoClient, aponoServer := startApono()
	defer aponoServer.Close()
	egeriaClient, egeriaServer := startEgeria()
	defer egeriaServer.Close()
	addIntegrations(confluentServer, 3)
	aponoServer.Add(map[string]any{"id": "i-1", "name": "Warehouse", "type": "postgresql", "status": "ACTIVE"})

	err := egeriaClient.Server("integration-daemon").IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
		PlatformURL:   "https://localhost:9443",
		ServerName:    "metadata-store",
		QualifiedName: "Egeria:IntegrationGroup:Default",
	})
	if err != nil {
		log.Fatal(err)
	}

	//doc:begin in-a-program
	connector, err := inventory.New(
		inventory.Confluent("prod", confluentClient, inventory.Environments("env-abc123")),
		inventory.Apono("main", aponoClient),
		inventory.Egeria("omag", egeriaClient),
	)
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	rows, err := db.QueryContext(ctx,
		"SELECT vendor, count(*) FROM integrations WHERE name LIKE ?1 GROUP BY 1", "warehouse%")
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	//doc:begin rows
	defer rows.Close()
	for rows.Next() {
		var vendor string
		var count int
		if err := rows.Scan(&vendor, &count); err != nil {
			log.Fatal(err)
		}
		fmt.Println(vendor, count)
	}
	if err := rows.Err(); err != nil { // a vendor that could not be read
		log.Fatal(err)
	}
	//doc:end

	// Output:
	// apono 1
	// confluent 3
}
