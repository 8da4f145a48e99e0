// Signs with gomodule's oauth1: a line of input asks for signatures for some time, a line of output tells how many a second.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

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
	SignatureMethod string      `json:"signature_method"`
	PrivateKey      string      `json:"private_key"`
	Seconds         float64     `json:"seconds"`
}

func run(r row) map[string]any {
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
		client.PrivateKey = key
	default:
		return map[string]any{"unable": "method"}
	}
	client.Credentials = oauth.Credentials{Token: r.ConsumerKey, Secret: r.ConsumerSecret}
	token := oauth.Credentials{Token: r.Token, Secret: r.TokenSecret}
	u, err := url.Parse(r.URL)
	if err != nil {
		return map[string]any{"unable": err.Error()}
	}
	form := url.Values{}
	for _, pair := range r.Pairs {
		form.Add(pair[0], pair[1])
	}
	start := time.Now()
	for count := 1; ; count++ {
		header := http.Header{}
		if err := client.SetAuthorizationHeader(header, &token, r.Method, u, form); err != nil {
			return map[string]any{"unable": err.Error()}
		}
		if taken := time.Since(start).Seconds(); taken >= r.Seconds {
			return map[string]any{"per_second": float64(count) / taken, "header": header.Get("Authorization")}
		}
	}
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var r row
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				panic(err)
			}
			text, _ := json.Marshal(run(r))
			fmt.Println(string(text))
		}
		if err != nil {
			return
		}
	}
}
