<?php
// PHP's OAuth extension sends every request of requests.json; prints a line each: number, status or "unable", reason.
// It is given a form as an array, and writes the body itself.

/** @return array<string, string|list<string>> */
function fields(string $form): array
{
    $fields = [];
    foreach (explode('&', $form) as $pair) {
        if ($pair === '') {
            continue;
        }
        [$name, $value] = explode('=', $pair, 2) + [1 => ''];
        $name = urldecode($name);
        if (array_key_exists($name, $fields)) {
            throw new Exception('an array has a name once');
        }
        $fields[$name] = urldecode($value);
    }
    return $fields;
}

$methods = ['HMAC-SHA1' => OAUTH_SIG_METHOD_HMACSHA1, 'HMAC-SHA256' => OAUTH_SIG_METHOD_HMACSHA256, 'RSA-SHA1' => OAUTH_SIG_METHOD_RSASHA1];
$places = ['header' => OAUTH_AUTH_TYPE_AUTHORIZATION, 'query' => OAUTH_AUTH_TYPE_URI, 'form' => OAUTH_AUTH_TYPE_FORM];
$verbs = ['GET' => OAUTH_HTTP_METHOD_GET, 'POST' => OAUTH_HTTP_METHOD_POST, 'PUT' => OAUTH_HTTP_METHOD_PUT, 'DELETE' => OAUTH_HTTP_METHOD_DELETE];
$rows = json_decode(file_get_contents(__DIR__ . '/../requests.json'), true, flags: JSON_THROW_ON_ERROR);
foreach ($rows as $number => $row) {
    $oauth = new OAuth(getenv('CLIENT_KEY'), getenv('CLIENT_SECRET'), $methods[getenv('METHOD')], $places[getenv('PLACE')]);
    $oauth->setToken(getenv('TOKEN'), getenv('TOKEN_SECRET'));
    if (getenv('RSA_KEY')) {
        $oauth->setRSACertificate(getenv('RSA_KEY'));
    }
    $url = getenv('API') . $row['path'] . (isset($row['query']) ? '?' . $row['query'] : '');
    try {
        $fields = isset($row['form']) ? fields($row['form']) : [];
        $headers = isset($row['form']) ? ['Content-Type' => 'application/x-www-form-urlencoded'] : [];
        $oauth->fetch($url, $fields, $verbs[$row['method']], $headers);
        echo "$number\t", $oauth->getLastResponseInfo()['http_code'], "\t\n";
    } catch (OAuthException $refused) {
        preg_match('/^WWW-Authenticate: (.*?)\r?$/mi', $oauth->getLastResponseHeaders() ?: '', $challenge);
        $status = $oauth->getLastResponseInfo()['http_code'] ?? 0;
        echo "$number\t", $status ?: 'unable', "\t", $challenge[1] ?? $refused->getMessage(), "\n";
    } catch (Exception $unable) {
        echo "$number\tunable\t", $unable->getMessage(), "\n";
    }
}
