// SPDX-License-Identifier: Apache-2.0
//
// TLS between two sockets of one JVM, with all secret keys in the token: TlsInside CONFIG PIN PROTOCOL SUITE ALIAS.
// SunPKCS11 stands first, and the JDK's own secret keys, ciphers and key agreements are taken out of the list, so that
// what the token lacks fails instead of being done elsewhere.

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

public final class TlsInside {
    private static final byte[] PING = "from the client".getBytes(StandardCharsets.UTF_8);
    private static final byte[] PONG = new byte[50000];

    private TlsInside() {
    }

    // One key of the token, whatever else is there.
    private static final class OneKey extends X509ExtendedKeyManager {
        private final String alias;
        private final PrivateKey key;
        private final X509Certificate certificate;

        OneKey(String alias, KeyStore keys) throws Exception {
            this.alias = alias;
            this.key = (PrivateKey) keys.getKey(alias, null);
            this.certificate = (X509Certificate) keys.getCertificate(alias);
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return null;
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return new String[] {alias};
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return type.startsWith("RSA") == key.getAlgorithm().equals("RSA") ? alias : null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String name) {
            return new X509Certificate[] {certificate};
        }

        @Override
        public PrivateKey getPrivateKey(String name) {
            return key;
        }
    }

    private static SSLContext context(KeyStore keys, String alias) throws Exception {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry("root", keys.getCertificate(alias));
        TrustManagerFactory trusts = TrustManagerFactory.getInstance("PKIX");
        trusts.init(trust);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new OneKey(alias, keys)}, trusts.getTrustManagers(), null);
        return context;
    }

    private static Void serve(SSLServerSocket listener) throws Exception {
        try (SSLSocket socket = (SSLSocket) listener.accept()) {
            byte[] got = socket.getInputStream().readNBytes(PING.length);
            if (!Arrays.equals(got, PING)) {
                throw new IllegalStateException("the server got something else");
            }
            OutputStream out = socket.getOutputStream();
            out.write(PONG);
            out.flush();
            socket.getInputStream().read();
        }
        return null;
    }

    private static void connect(SSLContext context, int port, String protocol, String suite) throws Exception {
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.setEnabledProtocols(new String[] {protocol});
            socket.setEnabledCipherSuites(new String[] {suite});
            socket.startHandshake();
            socket.getOutputStream().write(PING);
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            if (!Arrays.equals(in.readNBytes(PONG.length), PONG)) {
                throw new IllegalStateException("the client got something else");
            }
            System.out.println(socket.getSession().getProtocol() + " " + socket.getSession().getCipherSuite());
        }
    }

    public static void main(String[] arguments) throws Exception {
        char[] pin = arguments[1].toCharArray();
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.certpath.disabledAlgorithms", "");
        // The session hash has no key generator in SunPKCS11, and tickets are sealed by the JVM itself.
        System.setProperty("jdk.tls.useExtendedMasterSecret", "false");
        System.setProperty("jdk.tls.server.enableSessionTicketExtension", "false");
        System.setProperty("jdk.tls.namedGroups", "secp256r1,secp384r1");
        Provider token = Security.getProvider("SunPKCS11").configure(arguments[0]);
        Security.insertProviderAt(token, 1);
        KeyStore keys = KeyStore.getInstance("PKCS11", token);
        keys.load(null, pin);
        for (String other : new String[] {"SunJCE", "SunEC"}) {
            Security.removeProvider(other);
        }
        SSLContext context = context(keys, arguments[4]);
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            listener.setEnabledProtocols(new String[] {arguments[2]});
            listener.setEnabledCipherSuites(new String[] {arguments[3]});
            Future<Void> served = threads.submit(() -> serve(listener));
            try {
                connect(context, listener.getLocalPort(), arguments[2], arguments[3]);
            } finally {
                threads.shutdown();
            }
            served.get();
        }
    }
}
