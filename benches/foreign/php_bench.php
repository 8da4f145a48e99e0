<?php
// Signs with PHP's OAuth extension: a line of input asks for signatures for some time, a line of output tells how many a second.

$methods = ['HMAC-SHA1' => OAUTH_SIG_METHOD_HMACSHA1, 'HMAC-SHA256' => OAUTH_SIG_METHOD_HMACSHA256,
    'RSA-SHA1' => OAUTH_SIG_METHOD_RSASHA1];
while (($line = fgets(STDIN)) !== false) {
    $row = json_decode($line, true);
    $method = $row['signature_method'];
    if (!isset($methods[$method])) {
        echo json_encode(['unable' => 'method']), "\n";
        continue;
    }
    $client = new OAuth($row['consumer_key'], $row['consumer_secret'], $methods[$method], OAUTH_AUTH_TYPE_AUTHORIZATION);
    $client->setToken($row['token'], $row['token_secret']);
    if ($method === 'RSA-SHA1') {
        $client->setRSACertificate($row['private_key']);
    }
    $form = array_column($row['pairs'], 1, 0);
    $count = 0;
    $start = hrtime(true);
    do {
        $header = $client->getRequestHeader($row['method'], $row['url'], $form);
        $count++;
        $taken = (hrtime(true) - $start) / 1e9;
    } while ($taken < $row['seconds']);
    echo json_encode(['per_second' => $count / $taken, 'header' => $header]), "\n";
}
