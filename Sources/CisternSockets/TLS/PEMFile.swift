import COpenSSL
import Glibc

/// A PEM file that is open for reading.
struct PEMFile: ~Copyable {
    let file: TLSFile
    private let bio: OpaquePointer

    init(_ file: TLSFile) throws(TLSError) {
        // A directory can be opened; it only fails to be read, which would look like an empty file.
        var status = stat()
        if stat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw TLSError(
                .unreadableFile, "the \(file) is a directory", hint: "name the file itself", file: file)
        }
        ERR_clear_error()
        errno = 0
        guard let bio = BIO_new_file(file.path, "r") else {
            let reason = OpenSSLFailure.systemText(errno)
            throw TLSError(
                .unreadableFile, "the \(file) cannot be opened: \(reason)",
                hint: "check the path, and that the user of this process may read it", file: file)
        }
        self.file = file
        self.bio = bio
    }

    deinit { BIO_free_all(bio) }

    /// Lends every certificate of the file to `body`, in the file's order. There is at least one.
    func forEachCertificate(_ body: (OpaquePointer) throws(TLSError) -> Void) throws(TLSError) {
        var count = 0
        while true {
            ERR_clear_error()
            // Also reads what `openssl x509 -trustout` writes, as other clients do.
            guard let certificate = PEM_read_bio_X509_AUX(bio, nil, refusePassphrase, nil) else { break }
            defer { X509_free(certificate) }
            try body(certificate)
            count += 1
        }
        try requireEndOfFile("certificate")
        if count == 0 { throw nothing("certificate") }
    }

    /// Lends the file's private key to `body`. A passphrase is never asked for.
    func withPrivateKey(_ body: (OpaquePointer) throws(TLSError) -> Void) throws(TLSError) {
        ERR_clear_error()
        var asked = false
        guard let key = PEM_read_bio_PrivateKey(bio, nil, refusePassphrase, &asked) else {
            if asked {
                throw TLSError(
                    .encryptedKey, "the private key in the \(file) is encrypted",
                    hint: "store it without a passphrase, readable by this process alone: "
                        + "openssl pkey -in FILE -out PLAIN_FILE", file: file)
            }
            try requireEndOfFile("private key")
            throw nothing("private key")
        }
        defer { EVP_PKEY_free(key) }
        try body(key)
    }

    /// Reading stopped: at the end of the file, or at a block that is damaged.
    private func requireEndOfFile(_ wanted: String) throws(TLSError) {
        let error = ERR_peek_last_error()
        if ERR_GET_LIB(error) == ERR_LIB_PEM, ERR_GET_REASON(error) == PEM_R_NO_START_LINE { return }
        throw TLSError(
            .malformedFile, "a \(wanted) in the \(file) is damaged: \(OpenSSLFailure.text(error))",
            hint: "write the file again from its source, whole", file: file)
    }

    /// The file holds none of what is wanted; says what it holds instead.
    private func nothing(_ wanted: String) -> TLSError {
        ERR_clear_error()
        BIO_ctrl(bio, BIO_CTRL_RESET, 0, nil)
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var size = 0
        guard PEM_read_bio(bio, &name, &header, &data, &size) == 1, let name else {
            return TLSError(
                .malformedFile, "the \(file) is not PEM",
                hint: "it must have a line -----BEGIN \(wanted.uppercased())-----; "
                    + "convert DER by: openssl \(file.role == .key ? "pkey" : "x509") -inform der -in FILE -out PEM_FILE",
                file: file)
        }
        defer {
            // The block may be a private key in the wrong file.
            CRYPTO_clear_free(data, size, "", 0)
            CRYPTO_free(header, "", 0)
            CRYPTO_free(name, "", 0)
        }
        return TLSError(
            .nothingInFile, "the \(file) has no \(wanted); its first block is \(String(cString: name))",
            hint: "check that the files of certificate, key and CA are not swapped", file: file)
    }
}

/// Stands in for OpenSSL's default, which asks on the terminal and waits. Reports through its context that it was asked.
private let refusePassphrase: @convention(c) (UnsafeMutablePointer<CChar>?, CInt, CInt, UnsafeMutableRawPointer?) -> CInt = {
    _, _, _, asked in
    asked?.assumingMemoryBound(to: Bool.self).pointee = true
    return -1
}
