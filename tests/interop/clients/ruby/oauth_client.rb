# Ruby's oauth sends every request of requests.json; prints a line each: number, status or "unable", reason.

require "json"
require "net/http"
require "oauth"
require "oauth/request_proxy/net_http"

api = URI(ENV.fetch("API"))
secret = ENV["RSA_KEY"] || ENV.fetch("CLIENT_SECRET")
site = "#{api.scheme}://#{api.host}:#{api.port}"
consumer = OAuth::Consumer.new(ENV.fetch("CLIENT_KEY"), secret, site: site)
token = OAuth::AccessToken.new(consumer, ENV.fetch("TOKEN"), ENV.fetch("TOKEN_SECRET"))
options = {
  scheme: { "header" => :header, "query" => :query_string }.fetch(ENV.fetch("PLACE")),
  signature_method: ENV.fetch("METHOD")
}
rows = JSON.parse(File.read(File.join(__dir__, "..", "requests.json"), encoding: "UTF-8"))
Net::HTTP.start(api.host, api.port) do |http|
  rows.each_with_index do |row, number|
    path = api.path + row["path"] + (row["query"] ? "?#{row["query"]}" : "")
    request = Net::HTTP.const_get(row["method"].capitalize).new(path)
    if row["form"]
      request.body = row["form"]
      request.content_type = "application/x-www-form-urlencoded"
    end
    begin
      request.oauth!(http, consumer, token, options)
      answer = http.request(request)
      puts [number, answer.code, answer["WWW-Authenticate"]].join("\t")
    rescue ArgumentError, EncodingError, URI::Error => error
      puts [number, "unable", "#{error.class}: #{error.message.lines.first.strip}"].join("\t")
    end
  end
end
