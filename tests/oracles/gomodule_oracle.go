// gomodule's oauth1 as an oracle.
package main

import (
	"bufio"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/gomodule/oauth1/oauth"
)

type row struct {
	Method          string      `json:"method"`
	URL             string      `json:"url"`
	Pairs           [][2]string `json:"pairs"`
	ConsumerKey     string      `json:"consumer_key"`
	ConsumerSecret  string      `json:"consumer_secret"`
	Token           string      `json:"token"`
	TokenSecret     string      `json:"token_secret"`
	Nonce           string      `json:"nonce"`
	Timestamp       string      `json:"timestamp"`
	SignatureMethod string      `json:"signature_method"`
	PrivateKey      string      `json:"private_key"`
}

func answer(r row) map[string]any {
	var client oauth.Client
	switch r.SignatureMethod {
	case "HMAC-SHA1":
		client.SignatureMethod = oauth.HMACSHA1
	case "RSA-SHA1":
		client.SignatureMethod = oauth.RSASHA1
		block, _ := pem.Decode([]byte(r.PrivateKey))
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return map[string]any{"unable": err.Error()}
		}
		client.PrivateKey = (*rsa.PrivateKey)(key)
	default:
		return map[string]any{"unable": "method"}
	}
	client.Credentials = oauth.Credentials{Token: r.ConsumerKey, Secret: r.ConsumerSecret}
	u, err := url.Parse(r.URL)
	if err != nil {
		return map[string]any{"unable": err.Error()}
	}
	form := url.Values{}
	for _, pair := range r.Pairs {
		form.Add(pair[0], pair[1])
	}
	header := http.Header{}
	credentials := oauth.Credentials{Token: r.Token, Secret: r.TokenSecret}
	if err := client.SetAuthorizationHeader(header, &credentials, r.Method, u, form); err != nil {
		return map[string]any{"unable": err.Error()}
	}
	// The library chooses nonce and timestamp itself: the test signs with those.
	found := map[string]any{}
	for _, match := range parameter.FindAllStringSubmatch(header.Get("Authorization"), -1) {
		value, _ := url.PathUnescape(match[2])
		found[match[1]] = value
	}
	return found
}

var parameter = regexp.MustCompile(`oauth_(signature|nonce|timestamp)="([^"]*)"`)

func main() {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var r row
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				panic(err)
			}
			text, _ := json.Marshal(answer(r))
			fmt.Println(string(text))
		}
		if err != nil {
			return
		}
	}
}
