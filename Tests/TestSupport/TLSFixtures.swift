import Glibc

/// Certificates for the tests, made once per run by the `openssl` command. All names are paths of PEM files.
package struct TLSFixtures: Sendable {
    package struct Identity: Sendable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The CA that signed everything but ``stranger``.
    package let authority: String
    /// Another CA, of the same name, that signed nothing that a server shows.
    package let wrongAuthority: String
    /// For `localhost`, `127.0.0.1` and `::1`.
    package let server: Identity
    /// Another one for the same names, of the same CA.
    package let renewed: Identity
    /// For the same names, of an intermediate CA whose certificate follows in its file.
    package let chained: Identity
    /// For `elsewhere.test` alone.
    package let wrongName: Identity
    /// Like ``server``, but its time is over.
    package let expired: Identity
    package let client: Identity
    /// A client whose certificate the wrong CA has signed.
    package let stranger: Identity

    private static let made = Result { try TLSFixtures() }

    package static var shared: TLSFixtures { get throws { try made.get() } }

    private init() throws {
        let folder = try makeTemporaryFolder()
        let process = try ChildProcess(
            "sh", ["-c", Self.script, "sh", folder], environment: ["OPENSSL_CONF": "/dev/null"])
        guard try process.wait(within: .seconds(60)) == .code(0) else {
            throw TestFailure("no certificates; to install openssl: apt-get install openssl\n\(process.errorOutput)")
        }
        func identity(_ name: String) -> Identity {
            Identity(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
        }
        authority = "\(folder)/authority.pem"
        wrongAuthority = "\(folder)/wrong-authority.pem"
        server = identity("server")
        renewed = identity("renewed")
        chained = identity("chained")
        wrongName = identity("wrong-name")
        expired = identity("expired")
        client = identity("client")
        stranger = identity("stranger")
    }

    private static let script = """
        set -e
        cd "$1"
        umask 077
        newkey="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        printf '[req]\\ndistinguished_name=dn\\n[dn]\\n' > req.conf
        authority() {
            openssl req -config req.conf -x509 $newkey -keyout "$1.key" -out "$1.pem" -days 2 \\
                -subj "/CN=Authority of the tests" -addext "basicConstraints=critical,CA:TRUE" \\
                -addext "keyUsage=critical,keyCertSign,cRLSign"
        }
        # name, authority, days, subject, extension
        identity() {
            openssl req -config req.conf -new $newkey -keyout "$1.key" -out "$1.csr" -subj "/CN=$4"
            printf '%s\\n' "$5" > "$1.ext"
            openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" \\
                -extfile "$1.ext" -out "$1.pem"
        }
        here="subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
        authority authority
        authority wrong-authority
        identity server authority 2 localhost "$here"
        identity renewed authority 2 localhost "$here"
        identity intermediate authority 2 "Intermediate of the tests" "basicConstraints=critical,CA:TRUE"
        identity chained intermediate 2 localhost "$here"
        cat intermediate.pem >> chained.pem
        identity wrong-name authority 2 elsewhere.test "subjectAltName=DNS:elsewhere.test"
        identity expired authority -1 localhost "$here"
        identity client authority 2 client "extendedKeyUsage=clientAuth"
        identity stranger wrong-authority 2 client "extendedKeyUsage=clientAuth"
        """
}
