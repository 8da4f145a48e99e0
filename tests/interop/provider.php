<?php
// A provider on PHP's OAuthProvider, for tests/interop_providers.rs: the router of `php -S`.
//
// Everybody who is sent to /authorize approves. Credentials are in the file that INTEROP_STATE names.

const CLIENT_KEY = 'interopclient0123456789';
const CLIENT_SECRET = 'a secret with +/=&% in it';
const WINDOW = 300;

$state = json_decode((string) @file_get_contents(getenv('INTEROP_STATE')), true)
    ?: ['temporary' => [], 'tokens' => [], 'seen' => []];

function keep(array $state): void
{
    file_put_contents(getenv('INTEROP_STATE'), json_encode($state));
}

function fresh(): string
{
    return bin2hex(random_bytes(16));
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);

if ($path === '/authorize') {
    $token = $_GET['oauth_token'] ?? '';
    if (!isset($state['temporary'][$token])) {
        http_response_code(400);
        echo 'no such token';
        return;
    }
    $verifier = fresh();
    $state['temporary'][$token]['verifier'] = $verifier;
    keep($state);
    $callback = $state['temporary'][$token]['callback'];
    $query = http_build_query(['oauth_token' => $token, 'oauth_verifier' => $verifier]);
    if ($callback === 'oob') {
        echo $query;
    } else {
        http_response_code(302);
        header("Location: $callback" . (str_contains($callback, '?') ? '&' : '?') . $query);
    }
    return;
}

try {
    $provider = new OAuthProvider();
    $provider->consumerHandler(function ($provider) {
        if ($provider->consumer_key !== CLIENT_KEY) {
            return OAUTH_CONSUMER_KEY_UNKNOWN;
        }
        // OAuthProvider makes the key of the secrets as they are, where RFC 5849 section 3.4.2 wants them encoded.
        $provider->consumer_secret = rawurlencode(CLIENT_SECRET);
        return OAUTH_OK;
    });
    $provider->timestampNonceHandler(function ($provider) use (&$state) {
        if (abs(time() - (int) $provider->timestamp) > WINDOW) {
            return OAUTH_BAD_TIMESTAMP;
        }
        $key = "$provider->timestamp $provider->nonce";
        if (isset($state['seen'][$key])) {
            return OAUTH_BAD_NONCE;
        }
        $state['seen'][$key] = true;
        keep($state);
        return OAUTH_OK;
    });
    $provider->tokenHandler(function ($provider) use (&$state, $path) {
        if ($path === '/access_token') {
            $temporary = $state['temporary'][$provider->token] ?? null;
            if ($temporary === null) {
                return OAUTH_TOKEN_REJECTED;
            }
            if (!hash_equals($temporary['verifier'] ?? '-', $provider->verifier)) {
                return OAUTH_VERIFIER_INVALID;
            }
            $provider->token_secret = $temporary['secret'];
            return OAUTH_OK;
        }
        if (!isset($state['tokens'][$provider->token])) {
            return OAUTH_TOKEN_REJECTED;
        }
        $provider->token_secret = $state['tokens'][$provider->token];
        return OAUTH_OK;
    });
    if ($path === '/request_token') {
        $provider->isRequestTokenEndpoint(true);
    }
    if ($path === '/two_legged') {
        $provider->is2LeggedEndpoint(true);
    }
    $provider->checkOAuthRequest("http://$_SERVER[HTTP_HOST]$path", $_SERVER['REQUEST_METHOD']);
} catch (OAuthException $refused) {
    echo OAuthProvider::reportProblem($refused);
    return;
}

switch ($path) {
    case '/request_token':
        [$token, $secret] = [fresh(), fresh()];
        $state['temporary'][$token] = ['secret' => $secret, 'callback' => $provider->callback];
        keep($state);
        echo "oauth_token=$token&oauth_token_secret=$secret&oauth_callback_confirmed=true";
        break;
    case '/access_token':
        [$token, $secret] = [fresh(), fresh()];
        unset($state['temporary'][$provider->token]);
        $state['tokens'][$token] = $secret;
        keep($state);
        echo "oauth_token=$token&oauth_token_secret=$secret";
        break;
    case '/resource':
    case '/two_legged':
        echo 'yours';
        break;
    default:
        http_response_code(404);
        echo 'no such page';
}
