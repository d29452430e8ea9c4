using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;

namespace Qkms.Core.AwsKms;

/// <summary>
/// Asks another KMS to encrypt and to decrypt a key, by the protocol of AWS KMS (JSON 1.1 at <c>POST /</c>). A client of its own: a library
/// would leave the plaintext in strings and in buffers that nobody zeroes. Each try has a connection of its own, and follows no redirect
/// and no proxy.
/// </summary>
/// <param name="endpoint">Where it is.</param>
/// <param name="accessKey">Signs.</param>
/// <param name="time">The clock.</param>
internal sealed class AwsKmsClient(AwsKmsEndpoint endpoint, AwsAccessKey accessKey, TimeProvider time)
{
    /// <summary>How often it is asked where it cannot be reached, or has too much to do.</summary>
    public const int Tries = 3;

    // The longest ciphertext in base64 has 8 KB.
    private const int MaxLength = 16 * 1024;
    private const string ContentType = "application/x-amz-json-1.1";
    private const string Service = "kms";
    private const string TargetHeader = "x-amz-target";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Encrypts a key: <c>Encrypt</c> with SYMMETRIC_DEFAULT.</summary>
    /// <param name="key">The key of the other KMS.</param>
    /// <param name="plaintext">The key that is encrypted.</param>
    /// <param name="context">The encryption context, which is authenticated with it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The ciphertext, 1 to 6,144 bytes.</returns>
    /// <exception cref="AwsKmsException">The other KMS cannot be reached, or refuses.</exception>
    public async Task<byte[]> EncryptAsync(
        AwsKmsKeyName key, SecretBytes plaintext, IReadOnlyDictionary<string, string> context, CancellationToken cancellationToken)
    {
        const string operation = "Encrypt";
        using SecretBuffer answer = await AskAsync(
            operation, key, context, json => json.WriteBase64String("Plaintext", plaintext.Span), cancellationToken);
        return AwsKmsAnswer.FindCiphertext(answer.Written.Span) ?? throw NotAsAwsKms(operation, "a CiphertextBlob");
    }

    /// <summary>Decrypts a key: <c>Decrypt</c>, with the key named, so that the ciphertext of another one does not open.</summary>
    /// <param name="key">The key of the other KMS.</param>
    /// <param name="ciphertext">What <see cref="EncryptAsync"/> answered.</param>
    /// <param name="context">The encryption context.</param>
    /// <param name="size">The size of the plaintext in bytes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The plaintext, which ends with the caller.</returns>
    /// <exception cref="AwsKmsException">The other KMS cannot be reached, or refuses.</exception>
    public async Task<SecretBytes> DecryptAsync(
        AwsKmsKeyName key,
        byte[] ciphertext,
        IReadOnlyDictionary<string, string> context,
        int size,
        CancellationToken cancellationToken)
    {
        const string operation = "Decrypt";
        using SecretBuffer answer = await AskAsync(
            operation, key, context, json => json.WriteBase64String("CiphertextBlob", ciphertext), cancellationToken);
        return AwsKmsAnswer.FindPlaintext(answer.Written.Span, size) ?? throw NotAsAwsKms(operation, $"a Plaintext of {size} bytes");
    }

    private async Task<SecretBuffer> AskAsync(
        string operation,
        AwsKmsKeyName key,
        IReadOnlyDictionary<string, string> context,
        Action<Utf8JsonWriter> write,
        CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            Refusal? refusal;
            SecretBuffer answer = new(MaxLength);
            try
            {
                refusal = await TryAsync(operation, key, context, write, answer, cancellationToken);
                if (refusal is null)
                    return answer;
            }
            catch
            {
                answer.Dispose();
                throw;
            }

            answer.Dispose();
            if (!refusal.MayPass || tries == Tries)
                throw refusal.Reason;

            await Task.Delay(_pause * tries, time, cancellationToken);
        }
    }

    private async Task<Refusal?> TryAsync(
        string operation,
        AwsKmsKeyName key,
        IReadOnlyDictionary<string, string> context,
        Action<Utf8JsonWriter> write,
        SecretBuffer answer,
        CancellationToken cancellationToken)
    {
        using SecretBuffer body = new(MaxLength);
        Write(body, key, context, write);
        using HttpRequestMessage request = RequestOf(operation, body);
        using CancellationTokenSource limit = new(_limit, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using HttpMessageInvoker connection = new(NewHandler());
            using HttpResponseMessage response = await connection.SendAsync(request, either.Token);
            return await ReadAsync(response, operation, key, answer, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Unreachable($"it does not answer within {_limit.TotalSeconds:0} seconds", mayPass: true);
        }
        catch (HttpRequestException e)
        {
            return RefusalOf(e);
        }
        catch (IOException)
        {
            return Unreachable("the connection broke off", mayPass: true);
        }
    }

    private async Task<Refusal?> ReadAsync(
        HttpResponseMessage response, string operation, AwsKmsKeyName key, SecretBuffer answer, CancellationToken cancellationToken)
    {
        // A body of unknown length would go through buffers of HTTP's.
        long? length = response.Content.Headers.ContentLength;
        if (length is <= MaxLength)
        {
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
            int read;
            while (answer.Written.Length < length && (read = await body.ReadAsync(answer.GetMemory(), cancellationToken)) > 0)
                answer.Advance(read);
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            string? type = AwsKmsAnswer.FindType(answer.Written.Span);
            return new Refusal(
                AwsKmsRefusals.For(endpoint, accessKey.Id, key, operation, response.StatusCode, type),
                AwsKmsRefusals.MayPass(response.StatusCode, type));
        }

        return length is <= MaxLength
            ? null
            : new Refusal(NotAsAwsKms(operation, $"a Content-Length of at most {MaxLength} bytes"), MayPass: false);
    }

    private static void Write(
        SecretBuffer body, AwsKmsKeyName key, IReadOnlyDictionary<string, string> context, Action<Utf8JsonWriter> write)
    {
        using Utf8JsonWriter json = new(body);
        json.WriteStartObject();
        json.WriteString("KeyId", key.Text);
        write(json);
        json.WriteStartObject("EncryptionContext");
        foreach ((string name, string value) in context)
            json.WriteString(name, value);

        json.WriteEndObject();
        json.WriteString("EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        json.WriteEndObject();
    }

    private HttpRequestMessage RequestOf(string operation, SecretBuffer body)
    {
        Dictionary<string, string> signed = new()
        {
            ["content-type"] = ContentType,
            ["host"] = endpoint.Url.Authority,
            [SigV4.DateHeader] = SigV4.TextOf(time.GetUtcNow()),
            [TargetHeader] = $"TrentService.{operation}",
        };
        HttpRequestMessage request = new(HttpMethod.Post, endpoint.Url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(body.Written),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        request.Headers.Host = signed["host"];
        request.Headers.ConnectionClose = true;
        request.Headers.TryAddWithoutValidation(SigV4.DateHeader, signed[SigV4.DateHeader]);
        request.Headers.TryAddWithoutValidation(TargetHeader, signed[TargetHeader]);
        request.Headers.TryAddWithoutValidation(
            "Authorization", SigV4.Authorize(accessKey, endpoint.Region, Service, "POST", signed, body.Written.Span));
        return request;
    }

    // The proxy of the environment would be a surprise: with http it would read the root key.
    private static SocketsHttpHandler NewHandler() => new()
    {
        ActivityHeadersPropagator = null,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16,
        PlaintextStreamFilter = (connection, _) => new ValueTask<Stream>(new SecretConnection(connection.PlaintextStream)),
        UseCookies = false,
        UseProxy = false,
    };

    private Refusal RefusalOf(HttpRequestException e) => (e.HttpRequestError, e.InnerException) switch
    {
        (HttpRequestError.NameResolutionError, _) => Unreachable("its name has no address", mayPass: true),
        (HttpRequestError.ConnectionError, _) => Unreachable("nobody takes the connection", mayPass: true),
        (HttpRequestError.SecureConnectionError, AuthenticationException) => Unreachable(
            "its certificate is not trusted here, or is another name's. SSL_CERT_FILE names a file of authorities to trust",
            mayPass: false),
        (HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded, _) =>
            Unreachable("what answers there is not HTTP, or sends headers without end", mayPass: false),
        _ => Unreachable("the connection broke off", mayPass: true),
    };

    private Refusal Unreachable(string why, bool mayPass) => new(
        new AwsKmsException($"The other KMS at {endpoint.Url} cannot be reached: {why}. Nothing was changed."), mayPass);

    private AwsKmsException NotAsAwsKms(string operation, string missing) => new(
        $"What is at {endpoint.Url} does not answer {operation} as AWS KMS does, with {missing}: check "
        + $"{AwsKmsEnvironment.EndpointVariable}.");

    private sealed record Refusal(AwsKmsException Reason, bool MayPass);
}
