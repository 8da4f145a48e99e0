<?php
// PHP's OAuth extension as an oracle.

while (($line = fgets(STDIN)) !== false) {
    $row = json_decode($line, true);
    $methods = ['HMAC-SHA1' => OAUTH_SIG_METHOD_HMACSHA1, 'HMAC-SHA256' => OAUTH_SIG_METHOD_HMACSHA256,
        'RSA-SHA1' => OAUTH_SIG_METHOD_RSASHA1];
    $method = $row['signature_method'];
    if (!isset($methods[$method])) {
        echo json_encode(['unable' => 'method']), "\n";
        continue;
    }
    try {
        $client = new OAuth($row['consumer_key'], $row['consumer_secret'], $methods[$method], OAUTH_AUTH_TYPE_AUTHORIZATION);
        $client->setToken($row['token'], $row['token_secret']);
        $client->setNonce($row['nonce']);
        $client->setTimestamp($row['timestamp']);
        if ($method === 'RSA-SHA1') {
            $client->setRSACertificate($row['private_key']);
        }
        $form = [];
        foreach ($row['pairs'] ?? [] as [$name, $value]) {
            if (isset($form[$name])) {
                throw new OAuthException('duplicate names have no place in an array');
            }
            $form[$name] = $value;
        }
        $signature = $client->generateSignature($row['method'], $row['url'], $form);
        echo json_encode($signature === false ? ['unable' => 'no signature'] : ['signature' => $signature]), "\n";
    } catch (Exception $error) {
        echo json_encode(['unable' => substr($error->getMessage(), 0, 200)]), "\n";
    }
}
