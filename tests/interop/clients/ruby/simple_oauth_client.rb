# Ruby's simple_oauth sends every request of requests.json; prints a line each: number, status or "unable", reason.
# It is given a form as decoded pairs, and signs for a header.

require "json"
require "net/http"
require "simple_oauth"

api = URI(ENV.fetch("API"))
options = {
  consumer_key: ENV.fetch("CLIENT_KEY"),
  consumer_secret: ENV["RSA_KEY"] || ENV.fetch("CLIENT_SECRET"),
  token: ENV.fetch("TOKEN"),
  token_secret: ENV.fetch("TOKEN_SECRET"),
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
      pairs = row["form"].to_s.split("&").reject(&:empty?).map do |pair|
        pair.split("=", 2).push("").first(2).map { |text| URI.decode_www_form_component(text) }
      end
      url = "#{api.scheme}://#{api.host}:#{api.port}#{path}"
      request["Authorization"] = SimpleOAuth::Header.new(row["method"], url, pairs, options).to_s
      answer = http.request(request)
      puts [number, answer.code, answer["WWW-Authenticate"]].join("\t")
    rescue ArgumentError, EncodingError, URI::Error => error
      puts [number, "unable", "#{error.class}: #{error.message.lines.first.strip}"].join("\t")
    end
  end
end
