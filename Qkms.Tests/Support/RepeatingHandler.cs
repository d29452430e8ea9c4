using System.Diagnostics;
using System.Globalization;

namespace Qkms.Tests.Support;

/// <summary>
/// Sends a request again that was refused because a busy machine kept the database from answering in time, for up to a minute: nothing was
/// done then. For services in processes of their own, whose limits no test can set.
/// </summary>
internal sealed class RepeatingHandler() : DelegatingHandler(new SocketsHttpHandler())
{
    private const string Begun = "Last-Sent-At";

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <summary>When the request was sent that got this answer, by <see cref="Stopwatch"/>.</summary>
    public static long BegunOf(Answer answer) => long.Parse(answer.Headers[Begun], CultureInfo.InvariantCulture);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            long begun = Stopwatch.GetTimestamp();
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            if (waited.Elapsed > _patience || !await SaysLaterAsync(response, cancellationToken))
            {
                response.Headers.Add(Begun, begun.ToString(CultureInfo.InvariantCulture));
                return response;
            }

            response.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    private static async Task<bool> SaysLaterAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        response.StatusCode == HttpStatusCode.ServiceUnavailable
        && (await response.Content.ReadAsStringAsync(cancellationToken)).Contains("ERR_SERVICE_001", StringComparison.Ordinal);
}
