import com.amazonaws.encryptionsdk.AwsCrypto;
import com.amazonaws.encryptionsdk.CryptoAlgorithm;
import com.amazonaws.encryptionsdk.CryptoResult;
import com.amazonaws.encryptionsdk.jce.JceMasterKey;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;

/**
 * AWS's own SDK in Java as a peer of kms_core::esdk: {@code Peer open|seal FOLDER}. The folder is that of
 * tests/python/esdk/peer.py. Ends with a line that counts.
 */
public final class Peer {
    private final Path folder;

    private Peer(Path folder) {
        this.folder = folder;
    }

    public static void main(String[] arguments) throws Exception {
        System.exit(new Peer(Path.of(arguments[1])).run(arguments[0]));
    }

    private int run(String action) throws Exception {
        int passed = 0;
        int failed = 0;
        for (String line : Files.readAllLines(folder.resolve("cases.tsv"))) {
            String[] fields = line.split("\t", -1);
            try {
                take(action, fields);
                passed++;
            } catch (Exception error) {
                failed++;
                System.out.println("FAILED " + fields[0] + ": " + error);
            }
        }
        System.out.println(passed + " passed, " + failed + " failed");
        return failed > 0 || passed == 0 ? 1 : 0;
    }

    private void take(String action, String[] fields) throws Exception {
        Path plain = folder.resolve(fields[0] + ".plain");
        Path message = folder.resolve(fields[0] + ".message");
        AwsCrypto client = AwsCrypto.builder()
                .withEncryptionAlgorithm(suite(fields[1]))
                .withEncryptionFrameSize(Integer.parseInt(fields[2]))
                .build();
        Map<String, String> context = context(fields[4]);
        if (action.equals("seal")) {
            Files.write(message, client.encryptData(key(fields[3]), Files.readAllBytes(plain), context).getResult());
            return;
        }
        CryptoResult<byte[], ?> opened = client.decryptData(key(fields[3]), Files.readAllBytes(message));
        if (!Arrays.equals(opened.getResult(), Files.readAllBytes(plain))) {
            throw new IllegalStateException("another plaintext");
        }
        if (!opened.getEncryptionContext().entrySet().containsAll(context.entrySet())) {
            throw new IllegalStateException("another context");
        }
    }

    private static CryptoAlgorithm suite(String id) {
        return id.equals("0478")
                ? CryptoAlgorithm.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY
                : CryptoAlgorithm.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
    }

    private static Map<String, String> context(String text) {
        Map<String, String> context = new HashMap<>();
        for (String pair : text.split(",")) {
            int at = pair.indexOf('=');
            if (at > 0) {
                context.put(pair.substring(0, at), pair.substring(at + 1));
            }
        }
        return context;
    }

    private JceMasterKey key(String kind) throws Exception {
        if (!kind.equals("rsa")) {
            byte[] bytes = Files.readAllBytes(folder.resolve(kind));
            return JceMasterKey.getInstance(new SecretKeySpec(bytes, "AES"), "peer", kind, "AES/GCM/NoPadding");
        }
        String pem = Files.readString(folder.resolve("rsa.pem")).replaceAll("-----[A-Z ]+-----|\\s", "");
        KeyFactory factory = KeyFactory.getInstance("RSA");
        PrivateKey privateKey = factory.generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        BigInteger modulus = ((RSAPrivateCrtKey) privateKey).getModulus();
        BigInteger exponent = ((RSAPrivateCrtKey) privateKey).getPublicExponent();
        PublicKey publicKey = factory.generatePublic(new RSAPublicKeySpec(modulus, exponent));
        return JceMasterKey.getInstance(publicKey, privateKey, "peer", kind, "RSA/ECB/OAEPWithSHA-256AndMGF1Padding");
    }
}
