package api

import "fmt"

// Format hides the access token from every verb of package fmt.
func (t Token) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "Token{[redacted], type %s, %d s}", t.TokenType, t.ExpiresIn)
}

// Format hides the subject token from every verb of package fmt.
func (t TokenRequest) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "TokenRequest{[redacted], identity pool %s}", t.IdentityPoolID)
}
