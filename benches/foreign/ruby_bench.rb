# Signs with Ruby's oauth: a line of input asks for signatures for some time, a line of output tells how many a second.

require "json"
require "net/http"
require "oauth"
require "oauth/request_proxy/net_http"

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def run(row)
  return { unable: "method" } unless ["HMAC-SHA1", "RSA-SHA1"].include?(row["signature_method"])

  uri = URI(row["url"])
  secret = row["signature_method"] == "RSA-SHA1" ? row["private_key"] : row["consumer_secret"]
  consumer = OAuth::Consumer.new(row["consumer_key"], secret)
  token = OAuth::Token.new(row["token"], row["token_secret"])
  http = Net::HTTP.new(uri.host, uri.port)
  http.use_ssl = true
  count = 0
  start = now
  loop do
    request = Net::HTTP.const_get(row["method"].capitalize).new(uri.request_uri)
    if row["form"]
      request.body = row["form"]
      request.content_type = "application/x-www-form-urlencoded"
    end
    request.oauth!(http, consumer, token, signature_method: row["signature_method"])
    count += 1
    taken = now - start
    return { per_second: count / taken, header: request["Authorization"] } if taken >= row["seconds"]
  end
end

$stdout.sync = true
$stdin.each_line { |line| puts run(JSON.parse(line)).to_json }
