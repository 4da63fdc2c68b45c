// SPDX-License-Identifier: Apache-2.0
//
// A Java application with its keys in the token, by SunPKCS11: Consumer CONFIG PIN CASE
// [ARGUMENT...]. What the token computes is compared with SunJCE, SunRsaSign and SunEC.

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AuthProvider;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.MessageDigest;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.interfaces.DHPublicKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.login.LoginException;

public final class Consumer {
    private static final byte[] MESSAGE = "the quick brown fox".getBytes(StandardCharsets.UTF_8);
    private static final byte[] LONG_MESSAGE = new byte[100000];

    private final Provider token;
    private final char[] pin;
    private final KeyStore keys;

    private Consumer(String config, String pin) throws Exception {
        this.token = Security.getProvider("SunPKCS11").configure(config);
        this.pin = pin.toCharArray();
        Security.addProvider(token);
        new SecureRandom().nextBytes(LONG_MESSAGE);
        this.keys = KeyStore.getInstance("PKCS11", token);
        keys.load(null, this.pin);
    }

    private static void show(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError("not so: " + what);
        }
    }

    private PrivateKey privateKey(String alias) throws Exception {
        return (PrivateKey) keys.getKey(alias, null);
    }

    // The public half as an object of the JDK's own providers.
    private PublicKey publicKey(String alias) throws Exception {
        PublicKey key = keys.getCertificate(alias).getPublicKey();
        String provider = key.getAlgorithm().equals("RSA") ? "SunRsaSign" : "SunEC";
        return KeyFactory.getInstance(key.getAlgorithm(), provider).generatePublic(new X509EncodedKeySpec(key.getEncoded()));
    }

    // ---- signatures -------------------------------------------------------------------

    private void signAndVerify(String algorithm, String alias, PSSParameterSpec parameters, byte[] message) throws Exception {
        Signature signer = Signature.getInstance(algorithm, token);
        if (parameters != null) {
            signer.setParameter(parameters);
        }
        signer.initSign(privateKey(alias));
        for (int at = 0; at < message.length; at += 3000) {
            signer.update(message, at, Math.min(3000, message.length - at));
        }
        byte[] signature = signer.sign();

        String own = alias.startsWith("rsa") ? "SunRsaSign" : "SunEC";
        for (String provider : List.of(own, token.getName())) {
            Signature verifier = Signature.getInstance(algorithm, provider);
            if (parameters != null) {
                verifier.setParameter(parameters);
            }
            verifier.initVerify(publicKey(alias));
            verifier.update(message);
            show(verifier.verify(signature), algorithm + " verified by " + provider);
            verifier.initVerify(publicKey(alias));
            verifier.update(message);
            verifier.update((byte) 1);
            show(!verifier.verify(signature), algorithm + " of another message refused by " + provider);
        }
    }

    private void rsaSignatures() throws Exception {
        for (String hash : List.of("SHA1", "SHA224", "SHA256", "SHA384", "SHA512")) {
            signAndVerify(hash + "withRSA", "rsa", null, MESSAGE);
            signAndVerify(hash + "withRSA", "rsa", null, LONG_MESSAGE);
        }
    }

    private void pssSignatures() throws Exception {
        for (String hash : List.of("SHA-256", "SHA-384", "SHA-512")) {
            int length = MessageDigest.getInstance(hash).getDigestLength();
            PSSParameterSpec parameters = new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), length, 1);
            signAndVerify("RSASSA-PSS", "rsa", parameters, MESSAGE);
            signAndVerify("RSASSA-PSS", "rsa", parameters, LONG_MESSAGE);
        }
    }

    private void ecdsaSignatures() throws Exception {
        for (String hash : List.of("SHA1", "SHA224", "SHA256", "SHA384", "SHA512")) {
            signAndVerify(hash + "withECDSA", "ec", null, MESSAGE);
            signAndVerify(hash + "withECDSA", "ec", null, LONG_MESSAGE);
        }
    }

    // A quarter of P-521 signatures come to C_Verify shorter than 132 bytes.
    private void manyP521(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            signAndVerify("SHA512withECDSA", "ec521", null, ("message " + i).getBytes(StandardCharsets.UTF_8));
        }
    }

    // ---- ciphers, MACs, digests ---------------------------------------------------------

    private SecretKey imported(byte[] value, String algorithm) throws Exception {
        return SecretKeyFactory.getInstance(algorithm, token).translateKey(new SecretKeySpec(value, algorithm));
    }

    private void cipherMatches(String transformation, int keyLength, byte[] message) throws Exception {
        byte[] value = new byte[keyLength];
        byte[] iv = new byte[16];
        new SecureRandom().nextBytes(value);
        new SecureRandom().nextBytes(iv);
        IvParameterSpec spec = transformation.contains("ECB") ? null : new IvParameterSpec(iv);
        Cipher ours = Cipher.getInstance(transformation, token);
        Cipher judge = Cipher.getInstance(transformation, "SunJCE");
        SecretKey key = imported(value, "AES");
        ours.init(Cipher.ENCRYPT_MODE, key, spec);
        judge.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(value, "AES"), spec);
        byte[] ciphertext = ours.doFinal(message);
        show(Arrays.equals(ciphertext, judge.doFinal(message)), transformation + " equals SunJCE's");
        ours.init(Cipher.DECRYPT_MODE, key, spec);
        byte[] first = ours.update(ciphertext, 0, ciphertext.length / 3);
        byte[] rest = ours.doFinal(ciphertext, ciphertext.length / 3, ciphertext.length - ciphertext.length / 3);
        byte[] plain = Arrays.copyOf(first == null ? new byte[0] : first, message.length);
        System.arraycopy(rest, 0, plain, first == null ? 0 : first.length, rest.length);
        show(Arrays.equals(plain, message), transformation + " back in parts");
    }

    private void ciphers() throws Exception {
        byte[] blocks = Arrays.copyOf(LONG_MESSAGE, 4096);
        for (int length : new int[] {16, 24, 32}) {
            cipherMatches("AES/CBC/NoPadding", length, blocks);
            cipherMatches("AES/CBC/PKCS5Padding", length, MESSAGE);
            cipherMatches("AES/CBC/PKCS5Padding", length, LONG_MESSAGE);
            cipherMatches("AES/ECB/NoPadding", length, blocks);
            cipherMatches("AES/ECB/PKCS5Padding", length, MESSAGE);
            cipherMatches("AES/CTR/NoPadding", length, MESSAGE);
            cipherMatches("AES/CTR/NoPadding", length, LONG_MESSAGE);
        }
    }

    private void gcm() throws Exception {
        byte[] value = new byte[32];
        byte[] iv = new byte[12];
        new SecureRandom().nextBytes(value);
        for (byte[] message : List.of(MESSAGE, LONG_MESSAGE, new byte[0])) {
            new SecureRandom().nextBytes(iv);
            Cipher ours = Cipher.getInstance("AES/GCM/NoPadding", token);
            Cipher judge = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE");
            SecretKey key = imported(value, "AES");
            GCMParameterSpec spec = new GCMParameterSpec(128, iv);
            ours.init(Cipher.ENCRYPT_MODE, key, spec);
            ours.updateAAD("header".getBytes(StandardCharsets.UTF_8));
            byte[] ciphertext = ours.doFinal(message);
            judge.init(Cipher.DECRYPT_MODE, new SecretKeySpec(value, "AES"), spec);
            judge.updateAAD("header".getBytes(StandardCharsets.UTF_8));
            show(Arrays.equals(judge.doFinal(ciphertext), message), "GCM opened by SunJCE");
            ours.init(Cipher.DECRYPT_MODE, key, spec);
            ours.updateAAD("header".getBytes(StandardCharsets.UTF_8));
            show(Arrays.equals(ours.doFinal(ciphertext), message), "GCM opened");
            ciphertext[ciphertext.length - 1] ^= 1;
            ours.init(Cipher.DECRYPT_MODE, key, spec);
            ours.updateAAD("header".getBytes(StandardCharsets.UTF_8));
            try {
                ours.doFinal(ciphertext);
                throw new AssertionError("a wrong tag was accepted");
            } catch (AEADBadTagException expected) {
                show(true, "tag");
            }
        }
    }

    private void rsaCipher() throws Exception {
        Cipher judge = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE");
        judge.init(Cipher.ENCRYPT_MODE, publicKey("rsa"));
        Cipher ours = Cipher.getInstance("RSA/ECB/PKCS1Padding", token);
        ours.init(Cipher.DECRYPT_MODE, privateKey("rsa"));
        show(Arrays.equals(ours.doFinal(judge.doFinal(MESSAGE)), MESSAGE), "RSA decryption");

        KeyGenerator generator = KeyGenerator.getInstance("AES", "SunJCE");
        generator.init(256);
        SecretKey secret = generator.generateKey();
        judge.init(Cipher.WRAP_MODE, publicKey("rsa"));
        byte[] wrapped = judge.wrap(secret);
        ours.init(Cipher.UNWRAP_MODE, privateKey("rsa"));
        SecretKey unwrapped = (SecretKey) ours.unwrap(wrapped, "AES", Cipher.SECRET_KEY);
        Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding", token);
        cipher.init(Cipher.ENCRYPT_MODE, unwrapped);
        byte[] block = cipher.doFinal(new byte[16]);
        Cipher check = Cipher.getInstance("AES/ECB/NoPadding", "SunJCE");
        check.init(Cipher.ENCRYPT_MODE, secret);
        show(Arrays.equals(block, check.doFinal(new byte[16])), "the unwrapped key is the wrapped one");
    }

    private void macs(int length) throws Exception {
        byte[] value = new byte[length];
        new SecureRandom().nextBytes(value);
        for (String name : List.of("HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512")) {
            Mac ours = Mac.getInstance(name, token);
            Mac judge = Mac.getInstance(name, "SunJCE");
            ours.init(new SecretKeySpec(value, name));
            judge.init(new SecretKeySpec(value, name));
            show(Arrays.equals(ours.doFinal(LONG_MESSAGE), judge.doFinal(LONG_MESSAGE)), name + ", key of " + length);
        }
    }

    private void digests(boolean cloned) throws Exception {
        for (String name : List.of("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512")) {
            MessageDigest ours = MessageDigest.getInstance(name, token);
            MessageDigest judge = MessageDigest.getInstance(name, "SUN");
            ours.update(LONG_MESSAGE);
            judge.update(LONG_MESSAGE);
            if (cloned) {
                MessageDigest copy = (MessageDigest) ours.clone();
                copy.update(MESSAGE);
                MessageDigest judgeCopy = (MessageDigest) judge.clone();
                judgeCopy.update(MESSAGE);
                show(Arrays.equals(copy.digest(), judgeCopy.digest()), name + " cloned");
            }
            show(Arrays.equals(ours.digest(), judge.digest()), name);
        }
    }

    // ---- key agreement ----------------------------------------------------------------------

    private void agreement() throws Exception {
        for (String curve : List.of("secp256r1", "secp384r1", "secp521r1")) {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", token);
            generator.initialize(new ECGenParameterSpec(curve));
            KeyPair ours = generator.generateKeyPair();
            KeyPairGenerator other = KeyPairGenerator.getInstance("EC", "SunEC");
            other.initialize(new ECGenParameterSpec(curve));
            KeyPair peer = other.generateKeyPair();

            KeyAgreement left = KeyAgreement.getInstance("ECDH", token);
            left.init(ours.getPrivate());
            left.doPhase(peer.getPublic(), true);
            KeyAgreement right = KeyAgreement.getInstance("ECDH", "SunEC");
            right.init(peer.getPrivate());
            right.doPhase(KeyFactory.getInstance("EC", "SunEC")
                    .generatePublic(new X509EncodedKeySpec(ours.getPublic().getEncoded())), true);
            show(Arrays.equals(left.generateSecret(), right.generateSecret()), "ECDH " + curve);
        }
    }

    // In the groups that the JDK has for these sizes, which are those of RFC 7919.
    private void fieldAgreement() throws Exception {
        for (int bits : new int[] {2048, 3072, 4096}) {
            KeyPairGenerator other = KeyPairGenerator.getInstance("DH", "SunJCE");
            other.initialize(bits);
            KeyPair peer = other.generateKeyPair();
            KeyPairGenerator generator = KeyPairGenerator.getInstance("DH", token);
            generator.initialize(((DHPublicKey) peer.getPublic()).getParams());
            KeyPair ours = generator.generateKeyPair();

            KeyAgreement left = KeyAgreement.getInstance("DH", token);
            left.init(ours.getPrivate());
            left.doPhase(peer.getPublic(), true);
            KeyAgreement right = KeyAgreement.getInstance("DH", "SunJCE");
            right.init(peer.getPrivate());
            right.doPhase(KeyFactory.getInstance("DH", "SunJCE")
                    .generatePublic(new X509EncodedKeySpec(ours.getPublic().getEncoded())), true);
            show(Arrays.equals(left.generateSecret(), right.generateSecret()), "DH " + bits);
        }
    }

    // ---- key store, threads, login ----------------------------------------------------------

    // What was made for the session is stored by C_CopyObject; so is a key pair, by keytool.
    private void keyStore() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA", token);
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        Signature signer = Signature.getInstance("SHA256withRSA", token);
        signer.initSign(pair.getPrivate());
        signer.update(MESSAGE);
        byte[] signature = signer.sign();
        KeyGenerator secret = KeyGenerator.getInstance("AES", token);
        secret.init(256);
        keys.setEntry("stored aes", new KeyStore.SecretKeyEntry(secret.generateKey()), null);

        KeyStore again = KeyStore.getInstance("PKCS11", token);
        again.load(null, pin);
        List<String> aliases = new ArrayList<>(Collections.list(again.aliases()));
        show(aliases.containsAll(List.of("rsa", "ec", "ec521", "stored aes")), "aliases " + aliases);
        Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding", token);
        cipher.init(Cipher.ENCRYPT_MODE, again.getKey("stored aes", null));
        show(cipher.doFinal(new byte[16]).length == 16, "the stored key encrypts");
        again.deleteEntry("stored aes");
        show(!again.containsAlias("stored aes"), "deleted");

        Signature verifier = Signature.getInstance("SHA256withRSA", "SunRsaSign");
        verifier.initVerify(KeyFactory.getInstance("RSA", "SunRsaSign")
                .generatePublic(new X509EncodedKeySpec(pair.getPublic().getEncoded())));
        verifier.update(MESSAGE);
        show(verifier.verify(signature), "the session key's signature");
    }

    private void threads() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(40);
        List<Future<?>> results = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String alias = i % 2 == 0 ? "rsa" : "ec";
            String algorithm = i % 2 == 0 ? "SHA256withRSA" : "SHA256withECDSA";
            results.add(pool.submit(() -> {
                for (int round = 0; round < 5; round++) {
                    signAndVerify(algorithm, alias, null, MESSAGE);
                }
                return null;
            }));
        }
        for (Future<?> result : results) {
            result.get();
        }
        pool.shutdown();
    }

    private static void answer(Callback[] callbacks, char[] value) {
        for (Callback callback : callbacks) {
            ((PasswordCallback) callback).setPassword(value);
        }
    }

    private void logoutAndLogin() throws Exception {
        AuthProvider provider = (AuthProvider) token;
        signAndVerify("SHA256withRSA", "rsa", null, MESSAGE);
        provider.logout();
        try {
            provider.login(null, callbacks -> answer(callbacks, "11111111".toCharArray()));
            throw new AssertionError("a wrong PIN was accepted");
        } catch (LoginException expected) {
            show(true, "refused");
        }
        provider.login(null, callbacks -> answer(callbacks, pin));
        keys.load(null, pin);
        signAndVerify("SHA256withRSA", "rsa", null, MESSAGE);
    }

    private void random() throws Exception {
        SecureRandom random = SecureRandom.getInstance("PKCS11", token);
        byte[] one = new byte[64];
        byte[] two = new byte[64];
        random.nextBytes(one);
        random.nextBytes(two);
        show(!Arrays.equals(one, two), "random numbers differ");
    }

    // ---- TLS ------------------------------------------------------------------------------------

    private SSLContext context(String alias, String roots) throws Exception {
        KeyStore own = KeyStore.Builder.newInstance("PKCS11", token, new KeyStore.PasswordProtection(pin)).getKeyStore();
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        int n = 0;
        try (InputStream in = Files.newInputStream(Path.of(roots))) {
            for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trust.setCertificateEntry("root" + n++, root);
            }
        }
        TrustManagerFactory trusts = TrustManagerFactory.getInstance("PKIX");
        trusts.init(trust);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new OneKey(alias, own)}, trusts.getTrustManagers(), null);
        return context;
    }

    // Offers one key of the store, whatever the peer would prefer.
    private static final class OneKey extends X509ExtendedKeyManager {
        private final String alias;
        private final KeyStore store;

        OneKey(String alias, KeyStore store) {
            this.alias = alias;
            this.store = store;
        }

        private String matching(String type) {
            return type.startsWith("RSA") == alias.startsWith("rsa") ? alias : null;
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return new String[] {alias};
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return Arrays.stream(types).map(this::matching).filter(a -> a != null).findFirst().orElse(null);
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return new String[] {alias};
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return matching(type);
        }

        @Override
        public X509Certificate[] getCertificateChain(String name) {
            try {
                return Arrays.stream(store.getCertificateChain(name)).map(c -> (X509Certificate) c)
                        .toArray(X509Certificate[]::new);
            } catch (KeyStoreException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public PrivateKey getPrivateKey(String name) {
            try {
                return (PrivateKey) store.getKey(name, null);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private void tlsServer(String alias, String roots, int port) throws Exception {
        SSLServerSocket server = (SSLServerSocket) context(alias, roots).getServerSocketFactory()
                .createServerSocket(port, 10, InetAddress.getByName("127.0.0.1"));
        server.setEnabledProtocols(new String[] {"TLSv1.2", "TLSv1.3"});
        while (true) {
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                socket.getInputStream().read(new byte[4096]);
                String page = "HTTP/1.0 200 OK\r\n\r\nNew, " + socket.getSession().getProtocol() + "\n";
                socket.getOutputStream().write(page.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                e.printStackTrace();
            }
        }
    }

    private void tlsClient(String alias, String roots, int port, String protocol) throws Exception {
        try (SSLSocket socket = (SSLSocket) context(alias, roots).getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setEnabledProtocols(new String[] {protocol});
            OutputStream out = socket.getOutputStream();
            out.write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            out.flush();
            String page = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            System.out.println(page);
            show(page.contains("Client certificate"), "the server saw a client certificate");
        }
    }

    private void run(String name, String[] more) throws Exception {
        switch (name) {
            case "rsa-signatures" -> rsaSignatures();
            case "pss-signatures" -> pssSignatures();
            case "ecdsa-signatures" -> ecdsaSignatures();
            case "many-p521" -> manyP521(60);
            case "ciphers" -> ciphers();
            case "gcm" -> gcm();
            case "rsa-cipher" -> rsaCipher();
            case "macs" -> macs(64);
            case "macs-short" -> {
                macs(1);
                macs(20);
                macs(200);
            }
            case "digests" -> digests(false);
            case "digests-cloned" -> digests(true);
            case "agreement" -> agreement();
            case "field-agreement" -> fieldAgreement();
            case "key-store" -> keyStore();
            case "threads" -> threads();
            case "logout-login" -> logoutAndLogin();
            case "random" -> random();
            case "tls-server" -> tlsServer(more[0], more[1], Integer.parseInt(more[2]));
            case "tls-client" -> tlsClient(more[0], more[1], Integer.parseInt(more[2]), more[3]);
            default -> throw new IllegalArgumentException(name);
        }
    }

    // Several cases may follow each other in one virtual machine: CASE,CASE,... or one with arguments.
    public static void main(String[] arguments) throws Exception {
        Consumer consumer = new Consumer(arguments[0], arguments[1]);
        String[] more = Arrays.copyOfRange(arguments, 3, arguments.length);
        for (String name : arguments[2].split(",")) {
            consumer.run(name, more);
            System.out.println("ok " + name);
        }
        System.exit(0);
    }
}
