// Command sdk gets one integration with package confluent.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/integrations-go/sdk/confluent"
)

func main() {
	c, err := confluent.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	out, err := c.Integrations.Get(context.Background(), "env-1", "cspi-00001")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.DisplayName)
}
