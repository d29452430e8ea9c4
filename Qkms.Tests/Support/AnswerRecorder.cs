using System.Collections.Concurrent;

namespace Qkms.Tests.Support;

/// <summary>Keeps every answer, headers and body, so that a test can search them all.</summary>
internal sealed class AnswerRecorder
{
    private readonly ConcurrentQueue<byte[]> _answers = new();

    public IReadOnlyList<byte[]> All => [.. _answers];

    public DelegatingHandler Handler() => new Recording(_answers);

    private sealed class Recording(ConcurrentQueue<byte[]> answers) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            byte[] headers = Encoding.UTF8.GetBytes(response.Headers.ToString() + response.Content.Headers);
            answers.Enqueue([.. headers, .. await response.Content.ReadAsByteArrayAsync(cancellationToken)]);
            return response;
        }
    }
}
