// What tests of certificate requests share: a request that is signed by its own key (Ed25519), for CN=ann.
export const sampleRequest = `-----BEGIN CERTIFICATE REQUEST-----
MIGNMEECAQAwDjEMMAoGA1UEAwwDYW5uMCowBQYDK2VwAyEAPIBUHr1vtSMLWEPp
83MISGhLtFYy2gMhYbTnK7FqhHygADAFBgMrZXADQQCTl8UVcq/4tJhLM/ew8aQs
raWMgNHw/9S/qA880xDSBP3kKFpDieWYn9GbC0fh+RfjMNQmsnqeifv6YOFbRcQI
-----END CERTIFICATE REQUEST-----
`
