#!/bin/sh
# Makes the keys of this folder, with OpenSSL 3, ssh-keygen and keytool. They are test keys, never secrets. Run once; the files
# are committed, so that the tests need none of these programs.
set -eu
cd "$(dirname "$0")"
rm -f -- *.pem *.p12 *.p7b *.der *.txt

# The key of tests/vectors, in each form that holds an RSA key.
python3 -c 'import base64, json, sys
sys.stdout.buffer.write(base64.b64decode(json.load(open("../vectors/rsa_test_key.json"))["pkcs8_der_base64"]))' >rsa.der
openssl pkey -inform DER -in rsa.der -out rsa.pem
openssl rsa -in rsa.pem -traditional -out rsa-pkcs1.pem
openssl pkey -in rsa.pem -pubout -out rsa-public.pem
openssl rsa -in rsa.pem -RSAPublicKey_out -out rsa-public-pkcs1.pem
openssl req -x509 -key rsa.pem -subj /CN=test -days 36500 -out rsa-certificate.pem
openssl req -new -key rsa.pem -subj /CN=test -out rsa-request.pem
openssl x509 -req -in rsa-request.pem -signkey rsa.pem -days 36500 -out rsa-certificate-v1.pem
openssl crl2pkcs7 -nocrl -certfile rsa-certificate.pem -out rsa.p7b

# Protected by a password.
openssl pkcs8 -topk8 -in rsa.pem -passout pass:password -out rsa-encrypted.pem
openssl rsa -in rsa.pem -traditional -aes256 -passout pass:password -out rsa-encrypted-pkcs1.pem
cp rsa.pem rsa-openssh.pem && chmod 600 rsa-openssh.pem
ssh-keygen -q -p -N '' -f rsa-openssh.pem
ssh-keygen -y -f rsa-openssh.pem >rsa-ssh-public.txt

# Other algorithms and lengths.
openssl ecparam -name prime256v1 -genkey -out ec-sec1.pem
openssl pkey -in ec-sec1.pem -out ec.pem
openssl pkey -in ec.pem -pubout -out ec-public.pem
openssl req -x509 -key ec.pem -subj /CN=test -days 36500 -out ec-certificate.pem
openssl genpkey -algorithm ED25519 -out ed25519.pem
openssl pkey -in ed25519.pem -pubout -out ed25519-public.pem
openssl genpkey -algorithm X25519 -out x25519.pem
openssl dsaparam -genkey -out dsa-parameters-and-key.pem 1024
openssl pkey -in dsa-parameters-and-key.pem -out dsa.pem
openssl pkey -in dsa.pem -traditional -out dsa-traditional.pem
openssl pkey -in dsa.pem -pubout -out dsa-public.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.pem
openssl pkey -in rsa-pss.pem -pubout -out rsa-pss-public.pem
for bits in 512 1024; do
    openssl genrsa -out rsa-$bits.pem $bits
    openssl pkey -in rsa-$bits.pem -pubout -out rsa-$bits-public.pem
done
openssl genrsa -out rsa-3072.pem 3072

# PKCS#12; the password is "password" unless the name says otherwise.
export_p12() { openssl pkcs12 -export -inkey rsa.pem -in rsa-certificate.pem -name keyalias "$@"; }
export_p12 -passout pass:password -out modern.p12
export_p12 -passout pass:password -legacy -out legacy.p12
export_p12 -passout pass:password -legacy -descert -out legacy-3des.p12
export_p12 -passout pass:password -keypbe aes-128-cbc -certpbe NONE -macalg sha512 -out aes-128.p12
export_p12 -passout pass:password -keypbe NONE -certpbe NONE -out plain-bags.p12
export_p12 -passout pass:password -nomac -out no-mac.p12
export_p12 -passout pass: -out empty-password.p12
export_p12 -passout pass:pässwörd -out umlauts.p12
export_p12 -passout pass:password -iter 5000000 -out many-iterations.p12
keytool -importkeystore -noprompt -srckeystore modern.p12 -srcstorepass password -srcalias keyalias \
    -destkeystore java.p12 -deststoretype PKCS12 -deststorepass password
export_p12 -passout pass:password -keypbe PBE-SHA1-RC2-128 -certpbe NONE -legacy -out rc2-128.p12
export_p12 -passout pass:password -keypbe PBE-SHA1-RC2-40 -certpbe NONE -legacy -out rc2-40.p12
export_p12 -passout pass:password -keypbe PBE-SHA1-2DES -certpbe NONE -macalg sha384 -legacy -out two-key-3des.p12
export_p12 -passout pass: -legacy -out empty-password-legacy.p12
export_p12 -passout pass:pässwörd -legacy -out umlauts-legacy.p12
openssl req -x509 -key rsa-1024.pem -subj /CN=test -days 36500 -out rsa-1024-certificate.pem
openssl pkcs12 -export -inkey rsa-1024.pem -in rsa-1024-certificate.pem -passout pass:password -out rsa-1024.p12
python3 assemble.py
openssl pkcs12 -export -nokeys -in rsa-certificate.pem -passout pass:password -out no-key.p12
openssl pkcs12 -export -inkey ec.pem -in ec-certificate.pem -passout pass:password -out ec.p12
openssl pkcs12 -in modern.p12 -nodes -passin pass:password -out bag-attributes.pem

# The signature that the tests expect.
printf 'base string' | openssl dgst -sha256 -sign rsa.pem | base64 -w0 >signature-sha256.txt
