// Foreign runs the vendor's own clients against the fake platform. They configure a metadata access
// store and an integration daemon, start and stop both, and check the responses to failures.
//
//	go run ./egeria/egeriatest/foreign java
//	go run ./egeria/egeriatest/foreign python /usr/bin/python3.12
//
// The first needs a JDK 17 or later and Maven, the second Python 3.12 or later. The clients are
// downloaded to a temporary folder. Each call of a client must reach an operation of the fake.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// folder is the folder of the clients, from the root of the repository.
const folder = "egeria/egeriatest/foreign"

// javaClients are the available versions, with their releases.
var javaClients = []struct {
	version  string
	releases []string
}{
	{"4.0", []string{"4.0", "4.1"}},
	{"4.2", []string{"4.2", "4.3"}},
}

// pythonClients are one version of each generation, with its release.
var pythonClients = []struct{ version, release string }{
	{"5.4.10", "5.3"},
	{"6.1.0", "6.1"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "foreign:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	dir, err := os.MkdirTemp("", "foreign")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	switch {
	case len(args) == 1 && args[0] == "java":
		return java(ctx, dir)
	case len(args) == 2 && args[0] == "python":
		return python(ctx, dir, args[1])
	}
	return errors.New("usage: foreign java | foreign python PYTHON")
}

// command runs a program with the output of this program.
func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}

func java(ctx context.Context, dir string) error {
	for _, clients := range javaClients {
		lib := filepath.Join(dir, clients.version)
		if err := command(ctx, "mvn", "-q", "-B", "-f", filepath.Join(folder, "java", "pom.xml"), "-Degeria.version="+
			clients.version,
			"org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies", "-DincludeScope=runtime",
			"-DoutputDirectory="+lib); err != nil {
			return err
		}
		for i, release := range clients.releases {
			fmt.Printf("the Java clients of %s and a platform of %s\n", clients.version, release)
			if err := javaOn(ctx, dir, lib, release, i > 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// javaOn runs the Java clients, with TLS if secure is set.
func javaOn(ctx context.Context, dir, lib, release string, secure bool) error {
	opts := []egeriatest.Option{egeriatest.WithRelease(release)}
	args := []string{"-cp", filepath.Join(lib, "*")}
	if secure {
		opts = append(opts, egeriatest.WithHTTP2())
	}
	srv := egeriatest.Start(opts...)
	defer srv.Close()
	if secure {
		store, err := trustStore(ctx, dir, release, srv.CertificatePEM())
		if err != nil {
			return err
		}
		args = append(args, "-Djavax.net.ssl.trustStore="+store, "-Djavax.net.ssl.trustStorePassword="+storePassword)
	}
	args = append(args, filepath.Join(folder, "java", "Clients.java"), srv.URL, srv.User)
	return errors.Join(command(ctx, "java", args...), allKnown(srv))
}

const storePassword = "changeit" // of a file with only a certificate

// trustStore creates a file with a certificate for a Java program.
func trustStore(ctx context.Context, dir, name string, certificate []byte) (string, error) {
	pem, store := filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".p12")
	if err := os.WriteFile(pem, certificate, 0o600); err != nil {
		return "", err
	}
	return store, command(ctx, "keytool", "-importcert", "-noprompt", "-alias", "platform", "-file", pem,
		"-keystore", store, "-storetype", "PKCS12", "-storepass", storePassword)
}

func python(ctx context.Context, dir, interpreter string) error {
	env := filepath.Join(dir, "env")
	if err := command(ctx, interpreter, "-m", "venv", env); err != nil {
		return err
	}
	bin := filepath.Join(env, "bin", "python")
	install := func(args ...string) error {
		return command(ctx, bin, append([]string{"-m", "pip", "install", "-q", "--disable-pip-version-check"},
			args...)...)
	}
	if err := install("-r", filepath.Join(folder, "python", "requirements.txt")); err != nil {
		return err
	}
	for _, client := range pythonClients {
		if err := install("--no-deps", "--force-reinstall", "pyegeria=="+client.version); err != nil {
			return err
		}
		fmt.Printf("pyegeria %s and a platform of %s\n", client.version, client.release)
		if err := pythonOn(ctx, bin, client.release); err != nil {
			return err
		}
	}
	return nil
}

func pythonOn(ctx context.Context, bin, release string) error {
	ctx, cancel := context.WithCancel(ctx)
	srv := egeriatest.Start(egeriatest.WithRelease(release))
	defer srv.Close()
	discovered := make(chan struct{})
	go func() {
		defer close(discovered)
		discover(ctx, srv)
	}()
	err := command(ctx, bin, filepath.Join(folder, "python", "clients.py"), srv.URL, release, srv.User, srv.Password)
	cancel()
	<-discovered
	return errors.Join(err, allKnown(srv))
}

// discover adds a connector to the daemon when it runs, as a real metadata store does.
func discover(ctx context.Context, srv *egeriatest.Server) {
	for ctx.Err() == nil {
		if srv.Running("daemon1") {
			srv.AddConnector("daemon1", "Egeria:IntegrationGroup:Default", "Files")
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// allKnown returns an error with the calls that reached no operation of the fake.
func allKnown(srv *egeriatest.Server) error {
	var unknown []string
	operations := map[string]bool{}
	for _, call := range srv.Calls() {
		if call.Operation == "" {
			unknown = append(unknown, call.String())
		}
		operations[call.Operation] = true
	}
	if len(unknown) > 0 {
		return fmt.Errorf("calls that reached no operation of the fake:\n%s", strings.Join(unknown, "\n"))
	}
	fmt.Printf("  %d calls of %d operations\n", len(srv.Calls()), len(operations))
	return nil
}
