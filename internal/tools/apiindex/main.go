// Command apiindex writes the index of all methods that send requests, as a Markdown page. In the
// root of the repository:
//
//	go -C internal/tools run ./apiindex ../.. ../../docs/api.md
//
// The arguments are the root of the repository and the page. A test fails if the page is not
// current. It is no part of go generate, because it needs the packages to compile.
//
// For each method the page has the operations that it may send, and an example. Both come from the
// code: the operations are those that the method reaches in the generated client, and the example
// is a function of the tests, or a program, that calls the method.
package main

import (
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: apiindex ROOT FILE")
	}
	page, err := index(os.Args[1])
	if err == nil {
		err = os.WriteFile(os.Args[2], []byte(page), 0o644)
	}
	if err != nil {
		log.Fatal("apiindex: ", err)
	}
}
