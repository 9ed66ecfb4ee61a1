// Command withfake starts a fake Confluent Cloud and runs a program against it.
//
//	withfake PROGRAM
//
// The program gets its endpoint and credentials from environment variables. The fake has the
// environment env-abc123 with one integration, warehouse.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: withfake PROGRAM")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(program string) error {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	defer srv.Close()
	srv.Add("env-abc123", confluent.Integration{DisplayName: "warehouse", Provider: confluent.ProviderGCP})

	cmd := exec.Command(program)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		confluent.EnvEndpoint+"="+srv.URL,
		confluent.EnvAPIKey+"="+srv.APIKey,
		confluent.EnvAPISecret+"="+srv.APISecret,
	)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	if srv.CountCalls("") == 0 {
		return fmt.Errorf("%s sent no request", program)
	}
	return nil
}
