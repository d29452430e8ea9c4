using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace Qkms.Tests.Aws;

/// <summary>The unmodified SDK of AWS for .NET, and a service on a real port.</summary>
public sealed class DotnetClientTests : ServiceTests
{
    /// <summary>E-11: what Qkms signs holds for .NET, and as the SDK writes it for Qkms.</summary>
    [Fact]
    public async Task Signatures_hold_for_dotnet()
    {
        (AwsSigner signer, Dictionary<string, string> keys, Uri address) = await StartAsync("EC-P256", "EC-P521", "RSA-2048");
        using AmazonKeyManagementServiceClient client = ClientOf(signer, address);
        byte[] message = RandomNumberGenerator.GetBytes(300);
        foreach ((string key, SigningAlgorithmSpec algorithm, HashAlgorithmName hash) in new[]
        {
            ("EC-P256", SigningAlgorithmSpec.ECDSA_SHA_256, HashAlgorithmName.SHA256),
            ("EC-P521", SigningAlgorithmSpec.ECDSA_SHA_512, HashAlgorithmName.SHA512),
            ("RSA-2048", SigningAlgorithmSpec.RSASSA_PSS_SHA_384, HashAlgorithmName.SHA384),
            ("RSA-2048", SigningAlgorithmSpec.RSASSA_PKCS1_V1_5_SHA_256, HashAlgorithmName.SHA256),
        })
        {
            byte[] publicKey = (await client.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = keys[key] })).PublicKey.ToArray();
            foreach (MessageType kind in (MessageType[])[MessageType.RAW, MessageType.DIGEST])
            {
                byte[] signed = kind == MessageType.RAW ? message : CryptographicOperations.HashData(hash, message);
                byte[] signature = (await client.SignAsync(
                    new SignRequest { KeyId = keys[key], Message = new(signed), MessageType = kind, SigningAlgorithm = algorithm }))
                    .Signature.ToArray();

                IsValid(publicKey, message, signature, algorithm, hash).Should().BeTrue($"{algorithm}, {kind}");
                VerifyRequest verify = new()
                {
                    KeyId = keys[key],
                    Message = new(signed),
                    MessageType = kind,
                    Signature = new(signature),
                    SigningAlgorithm = algorithm,
                };
                (await client.VerifyAsync(verify)).SignatureValid.Should().BeTrue();
                signed[0] ^= 1;
                verify.Message = new(signed);
                await Awaiting(() => client.VerifyAsync(verify)).Should().ThrowAsync<KMSInvalidSignatureException>();
                signed[0] ^= 1;
            }
        }
    }

    /// <summary>E-11.</summary>
    [Fact]
    public async Task Macs_are_made_and_verified()
    {
        (AwsSigner signer, Dictionary<string, string> keys, Uri address) = await StartAsync("HMAC-384");
        using AmazonKeyManagementServiceClient client = ClientOf(signer, address);
        byte[] message = RandomNumberGenerator.GetBytes(300);
        GenerateMacRequest generate = new()
        {
            KeyId = keys["HMAC-384"],
            Message = new(message),
            MacAlgorithm = MacAlgorithmSpec.HMAC_SHA_384,
        };
        MemoryStream mac = (await client.GenerateMacAsync(generate)).Mac;
        VerifyMacRequest verify = new()
        {
            KeyId = keys["HMAC-384"],
            Message = new(message),
            Mac = mac,
            MacAlgorithm = MacAlgorithmSpec.HMAC_SHA_384,
        };

        mac.Length.Should().Be(48);
        (await client.VerifyMacAsync(verify)).MacValid.Should().BeTrue();
        verify.Message = new(RandomNumberGenerator.GetBytes(300));
        await Awaiting(() => client.VerifyMacAsync(verify)).Should().ThrowAsync<KMSInvalidMacException>();
    }

    /// <summary>E-11, E-15: a data key comes back without the id of its key, after a rotation and a restart.</summary>
    [Fact]
    public async Task A_data_key_outlives_a_rotation_and_a_restart()
    {
        using TemporaryDirectory directory = new();
        AwsSigner signer;
        GenerateDataKeyResponse made;
        Dictionary<string, string> context = new() { ["purpose"] = "orders", ["\U0001F600"] = "smile" };
        await using (QkmsApplication first = new(directory.Path))
        {
            using HttpClient rest = first.StartOnKestrel();
            signer = await rest.CreateAccessKeyAsync();
            string id = (await rest.GenerateAsync("AES-256")).Text("key_id");
            using AmazonKeyManagementServiceClient client = ClientOf(signer, rest.BaseAddress!);
            made = await client.GenerateDataKeyAsync(
                new GenerateDataKeyRequest { KeyId = id, KeySpec = DataKeySpec.AES_256, EncryptionContext = context });
            await rest.RotateAsync("AES-256");
        }

        await using QkmsApplication second = new(directory.Path);
        using HttpClient again = second.StartOnKestrel();
        using AmazonKeyManagementServiceClient reopened = ClientOf(signer, again.BaseAddress!);

        DecryptResponse opened = await reopened.DecryptAsync(
            new DecryptRequest { CiphertextBlob = made.CiphertextBlob, EncryptionContext = context });

        opened.Plaintext.ToArray().Should().Equal(made.Plaintext.ToArray());
        opened.KeyId.Should().Be(made.KeyId);
        context["purpose"] = "invoices";
        await Awaiting(() => reopened.DecryptAsync(
            new DecryptRequest { CiphertextBlob = made.CiphertextBlob, EncryptionContext = context }))
            .Should().ThrowAsync<InvalidCiphertextException>();
    }

    /// <summary>E-12: what somebody changes after the SDK has signed it.</summary>
    [Fact]
    public async Task What_is_changed_on_the_way_is_refused()
    {
        (AwsSigner signer, _, Uri address) = await StartAsync();
        foreach (Action<HttpRequestMessage> change in (Action<HttpRequestMessage>[])
        [
            request => Replace(request, "X-Amz-Target", "TrentService.GenerateDataKey"),
            request => Replace(request, "X-Amz-Date", "20261127T000000Z"),
            request => request.Headers.TryAddWithoutValidation("X-Amz-Added", "x"),
            ChangeBody,
        ])
        {
            using AmazonKeyManagementServiceClient client = ClientOf(signer, address, change);
            (await RefusalOfAsync(client)).Should().Be("InvalidSignatureException");
        }

        using AmazonKeyManagementServiceClient unchanged = ClientOf(signer, address, _ => { });
        (await unchanged.GenerateRandomAsync(new GenerateRandomRequest { NumberOfBytes = 8 })).Plaintext.Length.Should().Be(8);

        static void Replace(HttpRequestMessage request, string name, string value)
        {
            request.Headers.Remove(name).Should().BeTrue(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        static void ChangeBody(HttpRequestMessage request)
        {
            HttpContent sent = request.Content!;
            request.Content = new ByteArrayContent("""{"NumberOfBytes":9}"""u8.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", sent.Headers.GetValues("Content-Type"));
        }
    }

    /// <summary>E-12.</summary>
    [Fact]
    public async Task Strangers_and_clocks_that_are_ten_minutes_off_are_refused()
    {
        (AwsSigner signer, _, Uri address) = await StartAsync();
        foreach ((AwsSigner stranger, string exception) in new[]
        {
            (signer with { Secret = new string('a', 40) }, "InvalidSignatureException"),
            (signer with { AccessKeyId = "AKIAAAAAAAAAAAAAAAAA" }, "UnrecognizedClientException"),
        })
        {
            using AmazonKeyManagementServiceClient client = ClientOf(stranger, address);
            (await RefusalOfAsync(client)).Should().Be(exception);
        }

        App.Time.Pass(TimeSpan.FromMinutes(10));
        using AmazonKeyManagementServiceClient slow = ClientOf(signer, address);
        (await RefusalOfAsync(slow)).Should().Be("InvalidSignatureException");
    }

    private static async Task<string> RefusalOfAsync(AmazonKeyManagementServiceClient client) =>
        (await Awaiting(() => client.GenerateRandomAsync(new GenerateRandomRequest { NumberOfBytes = 8 }))
            .Should().ThrowAsync<AmazonKeyManagementServiceException>()).Which.ErrorCode;

    private static bool IsValid(
        byte[] publicKey, byte[] message, byte[] signature, SigningAlgorithmSpec algorithm, HashAlgorithmName hash)
    {
        if (algorithm.Value.StartsWith("ECDSA", StringComparison.Ordinal))
        {
            using ECDsa ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(publicKey, out _);
            return ecdsa.VerifyData(message, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
        }

        using RSA rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
        return rsa.VerifyData(
            message,
            signature,
            hash,
            algorithm.Value.Contains("PSS", StringComparison.Ordinal) ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
    }

    internal static AmazonKeyManagementServiceClient ClientOf(AwsSigner signer, Uri address, Action<HttpRequestMessage>? change = null)
    {
        AmazonKeyManagementServiceConfig config = new()
        {
            ServiceURL = address.GetLeftPart(UriPartial.Authority),
            AuthenticationRegion = "eu-central-1",
            MaxErrorRetry = 0,
        };
        if (change is not null)
            config.HttpClientFactory = new ChangingClients(change);

        return new AmazonKeyManagementServiceClient(new BasicAWSCredentials(signer.AccessKeyId, signer.Secret), config);
    }

    private static Func<Task> Awaiting(Func<Task> work) => work;

    private async Task<(AwsSigner Signer, Dictionary<string, string> Keys, Uri Address)> StartAsync(params string[] algorithms)
    {
        using HttpClient client = App.StartOnKestrel();
        Dictionary<string, string> keys = [];
        foreach (string algorithm in algorithms)
        {
            object? use = algorithm == "RSA-2048" ? new { use = "sig" } : null;
            keys[algorithm] = (await client.GenerateAsync(algorithm, use)).Text("key_id");
        }

        return (await client.CreateAccessKeyAsync(), keys, client.BaseAddress!);
    }

    /// <summary>HTTP clients whose requests somebody changes on the way.</summary>
    private sealed class ChangingClients(Action<HttpRequestMessage> change) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new ChangingHandler(change));

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => true;
    }

    private sealed class ChangingHandler(Action<HttpRequestMessage> change) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            change(request);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
