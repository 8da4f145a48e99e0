# Ruby's oauth and simple_oauth as oracles: the name of the library is the first argument.

require "json"
require "net/http"
require "oauth"
require "oauth/request_proxy/mock_request"
require "oauth/request_proxy/net_http"
require "openssl"
require "simple_oauth"

FORM = "application/x-www-form-urlencoded"

def with_oauth(row)
  uri = URI(row["url"])
  rsa = row["signature_method"].start_with?("RSA")
  return { unable: "method" } unless ["HMAC-SHA1", "RSA-SHA1"].include?(row["signature_method"])

  secret = rsa ? row["private_key"] : row["consumer_secret"]
  make = lambda do
    request = Net::HTTP.const_get(row["method"].capitalize).new(uri.request_uri)
    if request.request_body_permitted?
      request.body = row["form"].to_s # Any other content type would get an oauth_body_hash.
      request.content_type = FORM
    end
    request
  end
  consumer = OAuth::Consumer.new(row["consumer_key"], secret)
  http = Net::HTTP.new(uri.host, uri.port)
  http.use_ssl = uri.scheme == "https"
  token = OAuth::Token.new(row["token"], row["token_secret"])
  request = make.call
  request.oauth!(http, consumer, token, signature_method: row["signature_method"], nonce: row["nonce"],
                 timestamp: row["timestamp"])
  theirs = { signature: OAuth::Helper.parse_header(request["Authorization"])["oauth_signature"] }
  request = make.call
  request["Authorization"] = row["authorization"]
  return theirs if rsa # Its verifier takes a certificate only.

  parameters = Hash.new { |hash, name| hash[name] = [] }
  given = URI.decode_www_form(uri.query.to_s) + (row["pairs"] || []) + OAuth::Helper.parse_header(row["authorization"]).to_a
  given.each { |name, value| parameters[name] << value }
  received = { "method" => row["method"], "uri" => row["url"], "parameters" => parameters.to_a.to_h }
  theirs[:accepted] = OAuth::Signature.verify(received, consumer_secret: secret, token_secret: row["token_secret"])
  theirs
end

def with_simple_oauth(row)
  return { unable: "method" } unless ["HMAC-SHA1", "RSA-SHA1"].include?(row["signature_method"])

  rsa = row["signature_method"].start_with?("RSA")
  options = { consumer_key: row["consumer_key"], consumer_secret: rsa ? row["private_key"] : row["consumer_secret"],
              token: row["token"], token_secret: row["token_secret"], signature_method: row["signature_method"],
              nonce: row["nonce"], timestamp: row["timestamp"] }
  header = SimpleOAuth::Header.new(row["method"], row["url"], row["pairs"] || {}, options)
  theirs = SimpleOAuth::Header.new(row["method"], row["url"], row["pairs"] || {}, row["authorization"])
  accepted = theirs.valid?(consumer_secret: options[:consumer_secret], token_secret: row["token_secret"]) unless rsa
  { signature: SimpleOAuth::Header.parse(header.to_s)[:signature], accepted: accepted }
end

run = { "oauth" => method(:with_oauth), "simple_oauth" => method(:with_simple_oauth) }.fetch(ARGV[0])
$stdin.each_line do |line|
  answer =
    begin
      run.call(JSON.parse(line))
    rescue ArgumentError, EncodingError, URI::Error, NoMethodError => error
      { unable: "#{error.class}: #{error.message.lines.first.to_s.strip}"[0, 200] }
    end
  puts answer.to_json
end
