// Package docs holds the cookbook: one Markdown page for each task. The tests of the package
// compile and run the code that the pages show.
//
// A page names the code of each block in a comment above the block; package internal/readme
// describes the form. After a change of the code, this writes the blocks again:
//
//	go test . -update
package docs
